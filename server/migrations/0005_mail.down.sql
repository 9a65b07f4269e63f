-- Mails that were not sent yet are lost.

DROP TABLE mails;
