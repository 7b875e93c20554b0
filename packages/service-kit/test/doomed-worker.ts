// Run as a process of its own by commit.test.ts: takes a job, says so, hangs in it, and is killed there.
import { defineTask, startJobs } from '@erp-steward/service-kit/jobs'
import { openDatabase } from '@erp-steward/service-kit/database'
import { pino } from 'pino'
import { Type } from 'typebox'

const url = process.argv[2] ?? ''
const service = 'incident-tiering'
// A pending promise alone does not keep the process alive.
setInterval(() => undefined, 60_000)
await startJobs({
  service,
  db: await openDatabase({ name: service, entities: [], migrations: [] }, url, 2),
  tasks: [
    defineTask('shear', Type.Object({ name: Type.String() }), async (tx, { name }) => {
      await tx.query('insert into shorn (name) values ($1)', [name])
      process.send?.('in the task')
      await new Promise<never>(() => undefined)
    }),
  ],
  crontab: '',
  clock: () => new Date(),
  log: pino({ level: 'silent' }),
})
process.send?.('ready')
