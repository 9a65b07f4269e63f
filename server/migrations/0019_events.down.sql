DROP TABLE bus_outbox;
DROP TABLE event_deliveries;
DROP FUNCTION events_number;
DROP TABLE events;
DROP TABLE event_heads;
