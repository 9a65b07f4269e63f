-- Links stop working, and who read what is forgotten.
DROP TRIGGER files_unlinked ON files;
DROP TRIGGER folders_unlinked ON folders;
DROP FUNCTION end_content_links();
DROP TABLE content_accesses;
DROP TABLE content_links;
