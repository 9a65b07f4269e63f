-- The templates that tenants wrote are lost.
DROP TABLE mail_templates;
