DROP TRIGGER users_shut_out_elsewhere ON users;
DROP TRIGGER files_favored_elsewhere ON files;
DROP TRIGGER roles_changed_elsewhere ON roles;
DROP TRIGGER permissions_changed_elsewhere ON permissions;
DROP TRIGGER role_permissions_changed_elsewhere ON role_permissions;
DROP TRIGGER user_roles_changed_elsewhere ON user_roles;
DROP TRIGGER users_changed_elsewhere ON users;
DROP FUNCTION shut_out_elsewhere(), favor_elsewhere(), tell_nodes();
DELETE FROM bus_outbox WHERE id LIKE 'elsewhere %';
-- Whoever is deleted stays shut out.
ALTER TABLE users DROP COLUMN "statusBefore";
