import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import {
  EbsRefusal,
  EbsSimulator,
  type EbsMemory,
} from '../../../../infra/ebs-simulator/src/ebs.ts'
import { EbsClient, type Ebs } from '../../../../infra/ebs-simulator/src/ebs-client.ts'
import { Middleware } from '../../../../infra/ebs-simulator/src/middleware.ts'
import { RestFace } from '../../../../infra/ebs-simulator/src/rest-face.ts'
import { activateClient } from '../../src/clients/activate-client.ts'
import { requestClient } from '../../src/clients/request-client.ts'
import { claimSecret, identityStage, pass, stillValid } from '../account-stage.ts'
import {
  joined,
  ok,
  onPerson,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
} from '../directory-stage.ts'
import { findings } from '../reconciliation-stage.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const MAIN = join(ROOT, 'infra/ebs-simulator/src/main.ts')

let stage: TestService
let environment: Record<string, string>
const folder = mkdtempSync(join(tmpdir(), 'ebs-simulator-'))

beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    ebsRoles: ['UMX|CLERK'],
  })
  const act = testAct({ now: stage.now })
  const { id } = await stage.db.transaction((tx) =>
    requestClient(tx, { name: 'ebs-simulator', role: 'MIDDLEWARE', unitId: null }, act),
  )
  await stage.db.transaction((tx) => activateClient(tx, id, act))
  const caller = (role: 'SECURITY_ADMIN' | 'SYSTEM_ADMIN') =>
    bearer({ roles: [role], exp: stillValid(stage) })
  environment = {
    PATH: process.env.PATH ?? '',
    EBS_SIMULATOR_URL: await stage.app.listen({ host: '127.0.0.1', port: 0 }),
    EBS_SIMULATOR_CLIENT_ID: id,
    EBS_SIMULATOR_CLIENT_SECRET: await claimSecret(
      stage,
      id,
      caller('SECURITY_ADMIN'),
      caller('SYSTEM_ADMIN'),
    ),
    EBS_SIMULATOR_STATE: join(folder, 'ebs.json'),
  }
})
afterAll(async () => {
  await stage.release()
  rmSync(folder, { recursive: true })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the simulator to its end. */
async function run(
  args: readonly string[],
  env: Record<string, string> = environment,
): Promise<Ended> {
  try {
    const ended = await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: ROOT, env })
    return { code: 0, ...ended }
  } catch (error) {
    return error as Ended
  }
}

test('[A-2.1.1][A-2.1.4] the simulator works off what a joiner and a leaver need, and remembers it from one start to the next', async () => {
  const person = await joined(stage)
  const first = await run(['--once'])
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toContain(`create-user ${person.userName}: done`)
  const states = async () =>
    (await tasksOf(stage, person.userName)).map(({ kind, status }) => `${kind} ${status}`)
  expect(await states()).toEqual(['create-user done', 'add-responsibility done', 'add-role done'])
  const kept = JSON.parse(readFileSync(environment.EBS_SIMULATOR_STATE ?? '', 'utf8')) as {
    users: object
  }
  expect(kept.users).toHaveProperty(person.userName)

  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect((await run(['--once'])).code).toBe(0)
  expect((await states()).slice(3)).toEqual([
    'end-date-user done',
    'end-responsibility done',
    'end-role done',
  ])
})

test('a user that this EBS does not have is a failure for a person, at once', async () => {
  const person = await joined(stage)
  await run(['--once'])
  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  const { stdout } = await run(['--once'], {
    ...environment,
    EBS_SIMULATOR_STATE: join(folder, 'empty.json'),
  })
  expect(stdout).toContain(`end-date-user ${person.userName}: failed`)
  const [, , , ended] = await tasksOf(stage, person.userName)
  expect(ended).toMatchObject({ kind: 'end-date-user', status: 'failed', attempts: 1 })
})

test('it waits for tasks, does them when they come, and ends on a signal', async () => {
  const child = spawn(process.execPath, [MAIN], { cwd: ROOT, env: environment })
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  await eventually(
    () => {
      expect(output).toContain('Waiting for tasks')
    },
    { within: 150_000 },
  )
  const { userName } = await joined(stage)
  await eventually(
    () => {
      expect(output).toContain(`add-role ${userName}: done`)
    },
    { within: 150_000 },
  )
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})

test('[A-2.1.1] a middleware that dies between doing and saying does nothing twice: the next one looks first', async () => {
  const ebs = new EbsSimulator()
  const person = await joined(stage)
  const access = {
    url: environment.EBS_SIMULATOR_URL ?? '',
    clientId: environment.EBS_SIMULATOR_CLIENT_ID ?? '',
    clientSecret: environment.EBS_SIMULATOR_CLIENT_SECRET ?? '',
  }
  const { signal } = new AbortController()
  for (const procedure of ['FND_USER_PKG.CreateUser', 'WF_LOCAL_SYNCH.PropagateUserRole']) {
    const dying = new Middleware(access, dyingAfter(procedure, ebs), () => undefined)
    await expect(workOff(dying, signal)).rejects.toThrow('the middleware dies')
    pass(stage, 61_000)
  }
  await workOff(new Middleware(access, portOf(ebs), () => undefined), signal)
  const tasks = await tasksOf(stage, person.userName)
  expect(tasks.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    'create-user done',
    'add-responsibility done',
    'add-role done',
  ])
  expect(tasks[0]?.attempts).toBe(2)
  expect(ebs.creations.get(person.userName)).toBe(1)
})

async function workOff(middleware: Middleware, signal: AbortSignal): Promise<void> {
  while ((await middleware.work(0, signal)) > 0);
}

/** The simulator as a middleware sees it, without the way over REST. */
const portOf = (ebs: EbsSimulator): Ebs => ({
  call: (call) => {
    ebs.call(call)
    return Promise.resolve()
  },
  read: (call) => Promise.resolve(ebs.read(call)),
  async *held() {
    yield await Promise.resolve(ebs.held())
  },
  profile: () => Promise.resolve(Object.fromEntries(ebs.profile)),
})

/** As `portOf`; the call is made, and nobody lives to tell. */
const dyingAfter = (procedure: string, ebs: EbsSimulator): Ebs => ({
  ...portOf(ebs),
  call: (call) => {
    ebs.call(call)
    return call.procedure === procedure
      ? Promise.reject(new Error('the middleware dies'))
      : Promise.resolve()
  },
})

test('[A-2.1.2] the simulator tells what its EBS holds over its REST services, and what was given there by hand is found', async () => {
  const state = join(folder, 'told.json')
  const person = await joined(stage)
  await run(['--once'], { ...environment, EBS_SIMULATOR_STATE: state })
  const kept = JSON.parse(readFileSync(state, 'utf8')) as EbsMemory
  const byHand = {
    ...kept,
    responsibilities: {
      ...kept.responsibilities,
      [`${person.userName}|SQLAP|AP_SUPER_USER|STANDARD`]: null,
    },
    profile: { SIGNON_PASSWORD_LENGTH: '5' },
  }
  writeFileSync(state, JSON.stringify(byHand))
  // EBS is read by the real clock, and the service has its own.
  stage.now = new Date(Math.max(stage.now.getTime(), Date.now()))
  const told = await run(['--once', '--upload'], { ...environment, EBS_SIMULATOR_STATE: state })
  expect(told).toMatchObject({ code: 0, stderr: '' })
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
  const own = await findings(stage, `&userName=${person.userName}`)
  expect(own.map(({ kind, name }) => `${kind} ${name ?? ''}`)).toEqual([
    'unapproved-grant SQLAP|AP_SUPER_USER|STANDARD',
  ])
  const set = await findings(stage, '&kind=profile-option')
  expect(set.map(({ name, found }) => `${name ?? ''} ${found ?? ''}`)).toContain(
    'SIGNON_PASSWORD_LENGTH 5',
  )
})

test('the REST services of the simulator let nobody in without the password, and answer what EBS refuses as a fault', async () => {
  const face = new RestFace(new EbsSimulator(), { user: 'ERPSTEWARD', password: 'right' })
  const url = await face.listen(0)
  try {
    const call = { procedure: 'FND_USER_PKG.DisableUser', arguments: { username: 'NOBODY' } }
    const wrong = new EbsClient(url, { user: 'ERPSTEWARD', password: 'wrong' })
    await expect(wrong.call(call)).rejects.toThrow('401')
    const right = new EbsClient(url, { user: 'ERPSTEWARD', password: 'right' })
    await expect(right.call(call)).rejects.toThrow(EbsRefusal)
    await expect(right.call({ ...call, procedure: 'DBMS.Drop' })).rejects.toThrow(EbsRefusal)
    expect(await right.read(call)).toBeNull()
  } finally {
    await face.close()
  }
})

test('help names every setting; a setting that is missing, an unknown argument and a wrong secret end it with words', async () => {
  const help = await run(['--help'], { PATH: environment.PATH ?? '' })
  expect(help.code).toBe(0)
  for (const name of Object.keys(environment).filter((each) => each !== 'PATH'))
    expect(help.stdout).toContain(name)
  const bare = await run(['--once'], { PATH: environment.PATH ?? '' })
  expect(bare.code).toBe(2)
  expect(bare.stderr).toMatch(/EBS_SIMULATOR_CLIENT_ID[\s\S]*EBS_SIMULATOR_CLIENT_SECRET/)
  expect(await run(['--twice'])).toMatchObject({ code: 2 })
  const wrong = await run(['--once'], {
    ...environment,
    EBS_SIMULATOR_CLIENT_SECRET: 'x'.repeat(40),
  })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toMatch(/^\/v1\/tokens answered 401 /)
  expect(wrong.stderr).not.toContain('xxx')
})
