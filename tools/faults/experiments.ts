// The fault experiments: which tests make each of them, and what it does not show.

export interface Experiment {
  id: string
  title: string
  /** Its test files. */
  tests: string[]
  /** What must be read beside the figures. */
  note?: string
}

export const EXPERIMENTS: readonly Experiment[] = [
  {
    id: 'E1',
    title: 'kill -9 of the API',
    tests: [
      'server/test/crash.test.ts',
      'server/src/modules/product/files/files.crash.test.ts',
      'server/src/drivers/http/idempotency.crash.test.ts',
    ],
    note: 'The ledger is the client’s own: what it was told is compared with the tables. Writes without an answer may be done or not, whole either way; with an Idempotency-Key they are repeated safely.',
  },
  {
    id: 'E2',
    title: 'PostgreSQL restarts',
    tests: ['server/test/database-restart.test.ts'],
    note: 'A killed process leaves what the kernel holds for the disk: that fsync does what it says was not put to the test, which takes a machine that loses its power. The control, PostgreSQL with `synchronous_commit=off`, must lose writes, or the ledger would prove nothing.',
  },
  {
    id: 'E3',
    title: 'Redis is killed',
    tests: ['server/test/redis-loss.test.ts'],
    note: 'While Redis is away PostgreSQL counts, from nought: a stranger may have up to twice his share once.',
  },
  {
    id: 'E4',
    title: 'disks are full',
    tests: ['server/src/modules/product/files/files.full.test.ts', 'server/test/database-full.test.ts'],
    note: 'Tables and write-ahead log are on one volume, and the tables run out of room first. A volume of the log’s own that is full makes PostgreSQL stop and start again, which is E2.',
  },
  {
    id: 'E5',
    title: 'slow clients',
    tests: ['server/test/slow-clients.test.ts'],
    note: 'With HEADERS_TIMEOUT of 2 s and REQUEST_TIMEOUT of 4 s instead of 10 s and 30 s, so that it takes less time; the server looks every 2 s.',
  },
  {
    id: 'E6',
    title: 'idle event streams',
    tests: ['server/test/idle-streams.test.ts'],
    note: 'Held for two minutes, with a heartbeat every 15 s. Server and clients share the machine.',
  },
  {
    id: 'E7',
    title: 'hostile requests',
    tests: ['server/src/drivers/http/edge.fuzz.test.ts'],
    note: '[Fuzzing](fuzz.md) has the statuses; `npm run test:fuzz` sends as many from a seed of your choice.',
  },
  {
    id: 'E8',
    title: 'ids of other tenants',
    tests: ['server/test/isolation.test.ts'],
    note: '[The proof of isolation](../guide/isolation.md) says what is asked and compared.',
  },
  { id: 'E9', title: 'one refresh token used many times at once', tests: ['server/test/refresh.test.ts'] },
  {
    id: 'E10',
    title: 'clocks that are off',
    tests: ['server/test/clock-skew.test.ts'],
    note: 'A token ends by PostgreSQL’s clock, on every node at the same moment, with 5 s of tolerance. A node whose clock is off by more than that says that it is not ready, and answers whoever asks it all the same.',
  },
  {
    id: 'E11',
    title: 'workers are killed in the middle of jobs',
    tests: ['server/src/drivers/queue/crash.test.ts'],
    note: 'Jobs are begun at least once and have their effect once: the effect and the end of the job are one transaction. What a job does outside of the database it may do twice.',
  },
  {
    id: 'E12',
    title: 'the mail server fails',
    tests: [
      'server/src/modules/foundation/mail/mail.outage.test.ts',
      'server/src/modules/foundation/mail/mail.faults.test.ts',
    ],
    note: 'Half a minute of each fault instead of ten minutes; the delays of the tries are passed over when the server is back. A server that takes a mail and hangs up before it says so gets it again, under the same Message-ID.',
  },
]
