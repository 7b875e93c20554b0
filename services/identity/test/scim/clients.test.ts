import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { testWith } from '@erp-steward/test-kit/test-with'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { pythonPackages } from '../../../../test/contract/python-packages.ts'
import { identityStage } from '../account-stage.ts'
import { smallCompany } from '../directory-stage.ts'
import { EBS_USER, ENTERPRISE_USER } from '../../src/scim/user-resource.ts'
import { newUser, provisioner } from './scim-stage.ts'

const run = promisify(execFile)
const clients = join(import.meta.dirname, 'clients')
const python = await pythonPackages(join(clients, 'requirements.txt'))
const { missing, folder } = { missing: null, folder: '', ...python }

const testWithPython = (title: string, body: () => Promise<void>) => {
  testWith(missing, title, body, 300_000)
}

let stage: TestService
let environment: Record<string, string>

beforeAll(async () => {
  stage = await identityStage()
  const { north } = await smallCompany(stage)
  await stage.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = stage.app.server.address() as AddressInfo
  const { authorization } = provisioner({ unit: north.id, range: 'unit' })
  environment = {
    PYTHONPATH: folder,
    PYTHONDONTWRITEBYTECODE: '1',
    SCIM: `http://127.0.0.1:${String(port)}/scim/v2`,
    AUTHORIZATION: authorization,
  }
})
afterAll(() => stage.release())

function python3(args: readonly string[], more: Record<string, string> = {}) {
  const env = { ...process.env, ...environment, ...more }
  return run('python3', [...args], { env, maxBuffer: 16 * 1_048_576 })
}

for (const active of ['true', 'false'])
  testWithPython(
    `scim2-tester finds nothing amiss, with users whose active is ${active}`,
    async () => {
      const { stdout } = await python3([join(clients, 'check_server.py')], { ACTIVE: active })
      const lines = stdout.trim().split('\n')
      expect(lines.slice(0, -1)).toEqual([])
      const counts = JSON.parse(lines.at(-1) ?? '{}') as Record<string, number>
      expect(Object.keys(counts)).toEqual(['SUCCESS'])
      expect(counts.SUCCESS).toBeGreaterThan(40)
    },
  )

/** Runs scim2-cli with a body on its standard input; answers what it printed, which is the server's answer. */
async function cli(args: readonly string[], body?: object): Promise<Record<string, unknown>> {
  const started = python3(['-c', 'from scim2_cli import cli; cli()', ...args], {
    SCIM_CLI_URL: environment.SCIM ?? '',
    SCIM_CLI_HEADERS: `Authorization: ${environment.AUTHORIZATION ?? ''}`,
  })
  started.child.stdin?.end(body === undefined ? '' : JSON.stringify(body))
  const { stdout } = await started
  return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}

testWithPython('scim2-cli takes somebody in, finds, changes and deletes the user', async () => {
  const sent = newUser('CLI-1', { displayName: '命令行' })
  const { id } = await cli(['create'], sent)
  const path = ['user', String(id)]
  expect(await cli(['query', 'user', '--filter', 'userName eq "u.cli-1"'])).toMatchObject({
    totalResults: 1,
    Resources: [{ id, displayName: '命令行', [EBS_USER]: { position: 'CLERK' } }],
  })
  const group = await cli(['query', 'group', '--filter', 'externalId eq "CLERK"'])
  expect(group).toMatchObject({ Resources: [{ displayName: '会计' }] })
  const Operations = [{ op: 'replace', path: `${ENTERPRISE_USER}:department`, value: 'IT' }]
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
  expect(await cli(['modify', ...path], { schemas, Operations })).toMatchObject({
    [ENTERPRISE_USER]: { department: 'IT' },
  })
  const replaced = await cli(['replace', 'user'], { ...sent, id, title: '主管' })
  expect(replaced).toMatchObject({ id, title: '主管', [ENTERPRISE_USER]: { department: 'FIN' } })
  expect(await cli(['search', '--filter', 'title eq "主管"'])).toMatchObject({ totalResults: 1 })
  await cli(['delete', ...path])
  expect(await cli(['query', 'user', '--filter', 'userName eq "u.cli-1"'])).toMatchObject({
    totalResults: 0,
  })
})
