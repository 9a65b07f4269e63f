-- Nothing is lost: asking for owners and administrators of large tenants gets slow again.

DROP INDEX "memberships_tenantId_level_joinedAt_userId_idx";
