import { testAct } from './test-act.ts'
import type { TestService } from './test-service.ts'

/**
 * Runs a task as the worker would, in a transaction of its own and at the clock of the stage.
 *
 * @throws Error if the service has no task of that name
 */
export async function runTask(stage: TestService, name: string, data: unknown = {}): Promise<void> {
  const task = stage.tasks.find((each) => each.name === name)
  if (task === undefined) throw new Error(`there is no task ${name}`)
  const act = testAct({
    actor: `service:${stage.name}`,
    personId: null,
    role: 'SERVICE',
    now: stage.now,
  })
  await stage.db.transaction((tx) => task.run(tx, data, act))
}
