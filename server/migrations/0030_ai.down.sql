-- Conversations with language models are lost, with what tenants chose for them and what was used.
DROP TABLE ai_chunks;
DROP TABLE ai_answers;
DROP FUNCTION release_ai_tokens();
DROP TABLE ai_conversations;
DROP TABLE ai_usage;
DROP TABLE ai_settings;
