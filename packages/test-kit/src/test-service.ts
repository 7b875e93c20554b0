import type { ServiceName } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { holdPersonalData, personalDataIfHeld } from '@erp-steward/service-kit/personal-data'
import { buildService, type Service } from '@erp-steward/service-kit/service'
import type { Task } from '@erp-steward/service-kit/jobs'
import type { Consumer, Subscription } from '@erp-steward/messaging/consumer'
import { pino } from 'pino'
import type { Static, TObject } from 'typebox'
import type { DataSource } from 'typeorm'
import { compareWithDocument } from './compare-with-document.ts'
import { watchProblems } from './watch-problems.ts'
import { testDatabase } from './test-database.ts'
import { testKeys } from './tokens.ts'

export interface TestService {
  readonly name: ServiceName
  readonly app: App
  /** The superuser's pool; operations and handlers work with the rights of the service's role. */
  readonly db: DataSource
  /** The pool with the service's rights, whose statements a test may watch. */
  readonly serviceDb: DataSource
  readonly url: string
  readonly consumer: Consumer
  readonly subscriptions: readonly Subscription[]
  readonly tasks: readonly Task[]
  /** The clock the service asks; set it to move time. */
  now: Date
  release(): Promise<void>
}

/** The secret between processes, in tests. */
export const TEST_INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789'

/**
 * The whole service on a database of its own, without port, bus and clockwork: speak to it by `app.inject`, hand it
 * events by `consumer.deliver`, run its tasks by hand. Its end fails where an operation answered a problem that it does
 * not declare; with `TEST_DOCUMENT=compare` also where an answer was not as the document says.
 */
export async function testService<Config extends TObject>(
  service: Service<Config>,
  config: Static<Config>,
  now: Date,
): Promise<TestService> {
  const database = await testDatabase(service)
  const { url } = database
  const db = await database.openAsService()
  const clock = () => running.now
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  const ownKeys = service.keys?.({ db, clock, config, log, internalToken: TEST_INTERNAL_TOKEN })
  let assertAsDocumented: () => void = () => undefined
  let assertProblemsDeclared: () => void = () => undefined
  const routes: Service<Config>['routes'] = (app, dependencies) => {
    assertProblemsDeclared = watchProblems(app)
    if (process.env.TEST_DOCUMENT === 'compare') assertAsDocumented = compareWithDocument(app)
    return service.routes(app, dependencies)
  }
  const built = await buildService(
    { ...service, routes },
    {
      db,
      clock,
      config,
      log,
      // Identity holds keys of its own; its tests use tokens of both makes.
      keyFor: (kid) => testKeys(kid) ?? ownKeys?.(kid),
      internalToken: TEST_INTERNAL_TOKEN,
      // Of a service that signs tokens; the others take those of the test key.
      issuer: (config as { PUBLIC_URL?: string }).PUBLIC_URL,
    },
  )
  // Use cases are also called on the database of the tests.
  const personalData = personalDataIfHeld(db.manager)
  if (personalData !== null) holdPersonalData(database.db, personalData)
  const running: TestService = {
    ...built,
    name: service.name,
    db: database.db,
    serviceDb: db,
    url,
    now,
    release: async () => {
      await built.app.close()
      await database.release()
      assertProblemsDeclared()
      assertAsDocumented()
    },
  }
  return running
}
