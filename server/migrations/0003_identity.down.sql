-- Signs everybody out: sessions, tokens, counters and the back-office accounts go.

DROP TABLE idempotency_keys, rate_limits, throttles, personal_access_tokens, one_time_tokens, sessions, admins;
