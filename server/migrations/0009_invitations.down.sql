-- Invitations are lost: open ones cannot be accepted any more. Who came by one stays a member.

DROP INDEX "tenants_deletedAt_idx";
DROP TABLE invitation_uses, invitations;
