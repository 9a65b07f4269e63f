DROP TABLE bus_outbox;
DROP TABLE event_deliveries;
DROP TABLE events;
DROP TABLE event_heads;
