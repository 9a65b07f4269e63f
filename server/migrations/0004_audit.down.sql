-- The audit log goes with all its entries: export it first.

DROP FUNCTION audit_verify(text);
DROP FUNCTION audit_append(jsonb);
DROP FUNCTION audit_hash(audit_logs);
DROP TABLE audit_heads, audit_logs;
