import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Assignment } from '@erp-steward/contracts/agent-protocol'
import type { Work } from '../assignments.ts'
import { endGroup } from '../notes.ts'
import { markOf } from '../process-mark.ts'
import { asLine, WorkFailed } from '../work-failed.ts'

/** A program at work in a process group of its own. */
export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  /** Resolves when it has ended well. @throws WorkFailed with what it said last */
  readonly ended: Promise<void>
}

const KEPT_CHARACTERS = 1_500

/**
 * Starts a program of PostgreSQL. Its group is noted on the disk, so that it is ended after a crash of the agent, and
 * it is ended with everything it started when the work is stopped.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
  { assignmentId }: Assignment,
  { place: { notes }, signal }: Work,
): Running {
  const child = spawn(program, args, {
    env: environment,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const { pid } = child
  const note = notes.read(assignmentId)
  if (pid !== undefined && note !== null)
    notes.write({ ...note, children: [...note.children, markOf(pid)] })
  const end = () => {
    if (pid !== undefined && child.exitCode === null && child.signalCode === null) endGroup(pid)
  }
  signal.addEventListener('abort', end)
  if (signal.aborted) end()

  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-KEPT_CHARACTERS)
  })
  // A program that ends early closes its input; its exit says why.
  child.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new WorkFailed('executor', `${program}: ${error.message}`))
    })
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', end)
      if (code === 0) resolve()
      else
        reject(
          new WorkFailed(
            'executor',
            asLine(
              `${program} ended with ${code ?? killedBy ?? 'nothing'}: ${ownWords(said)}`,
              1_900,
            ),
          ),
        )
    })
  })
  ended.catch(() => undefined)
  return { child, ended }
}

/**
 * The lines in which a program speaks for itself. What the server adds to an error (DETAIL, CONTEXT) shows values of rows,
 * and those go nowhere.
 */
export function ownWords(said: string): string {
  return said
    .split('\n')
    .filter((line) => /(^|\/)pg_(dump|restore): /.test(line))
    .join(' ')
}
