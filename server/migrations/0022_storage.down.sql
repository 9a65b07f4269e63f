-- The bytes themselves stay where they are, and nothing knows them any more.
DROP TABLE storage_usage;
DROP TABLE blobs;
DROP FUNCTION leave_blob();
DROP TABLE left_blobs;
DROP TABLE storages;
