-- Owners and administrators are few: asking for them must not read a tenant's 100,000 members.

CREATE INDEX "memberships_tenantId_level_joinedAt_userId_idx" ON memberships ("tenantId", level, "joinedAt" DESC, "userId" DESC)
  WHERE level <> 'MEMBER';
