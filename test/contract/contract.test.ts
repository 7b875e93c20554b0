import { execFile, spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Company } from '../e2e/company.ts'
import { root, type Site } from '../e2e/site.ts'
import { standaloneSite } from '../e2e/standalone-site.ts'
import { pythonPackages } from './python-packages.ts'
import { testWith } from '@erp-steward/test-kit/test-with'

const bin = join(root, 'node_modules/.bin')
const run = promisify(execFile)

const python = await pythonPackages()
const { missing: noPython, folder: packages } = { missing: null, folder: '', ...python }
const noJava =
  spawnSync('java', ['-version']).status === 0 ? null : 'Java 11 or newer as `java` in the PATH'

let site: Site
let folder: string
let environment: Record<string, string>
let company: Company

beforeAll(async () => {
  // Within the tree: what is generated finds the packages that it runs on.
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/contract-'))
  await cp(join(import.meta.dirname, 'clients'), folder, { recursive: true })
  site = await standaloneSite({})
  const document = await fetch(`${site.gatewayUrl}/openapi.json`)
  await writeFile(join(folder, 'openapi.json'), await document.text())
  company = new Company(site.gatewayUrl, site.passwordFile)
  await company.administratorsSignIn()
  await company.nameAdministrators()
  await company.organise()
  const { id, secret } = company.client('SCRIPT')
  environment = {
    PYTHONPATH: packages,
    STEWARD: site.gatewayUrl,
    CLIENT_ID: id,
    CLIENT_SECRET: secret,
    SYSADM_PASSWORD: company.login('SYSADM').password,
    SECADM_PASSWORD: company.login('SECADM').password,
  }
})
afterAll(async () => {
  await site.stop()
  await rm(folder, { recursive: true })
})

/** Lets a program sign the administrators in: each code opens once, and for half a minute at least. */
async function giveCodes(): Promise<void> {
  for (const userName of ['SYSADM', 'SECADM'])
    environment[`${userName}_CODE`] = (await company.login(userName).device?.next()) ?? ''
}

/** What the program prints; it fails with all that it printed. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const options = {
    cwd: folder,
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1_048_576,
  }
  try {
    const { stdout, stderr } = await run(program, args, options)
    return stdout + stderr
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error([program, ...args, stdout, stderr].join('\n'), { cause: error })
  }
}

const lint = (document: string) =>
  output(process.execPath, [join(import.meta.dirname, 'lint-document.mjs'), document])

test('the document is clean under spectral:oas, the OWASP rules and the recommended ones of Redocly', async () => {
  await lint('openapi.json')
})

test('both linters look: a text without end, and an operation that says nothing of tokens, are found', async () => {
  const { info, servers } = JSON.parse(
    await readFile(join(folder, 'openapi.json'), 'utf8'),
  ) as Record<string, unknown>
  const code = { name: 'code', in: 'path', required: true, schema: { type: 'string' } }
  const get = {
    operationId: 'read',
    responses: { '200': { description: 'Read.' } },
    parameters: [code],
  }
  await writeFile(
    join(folder, 'loose.json'),
    JSON.stringify({ openapi: '3.1.0', info, servers, paths: { '/{code}': { get } } }),
  )
  const found = lint('loose.json')
  await expect(found).rejects.toThrow('owasp:api4:2023-string-limit #/paths//{code}/get')
  await expect(found).rejects.toThrow('security-defined #/paths/~1{code}/get')
})

testWith(noPython ?? noJava, 'the document is valid for OpenAPI Generator', async () => {
  const generator = join(packages, 'bin/openapi-generator-cli')
  await output('python3', [generator, 'validate', '-i', 'openapi.json'])
})

/** States of the account on its way. */
const LIFE = 'active frozen active disabled'

test('a TypeScript client made from the document leads an account through its life', async () => {
  await output(join(bin, 'openapi-typescript'), ['openapi.json', '--output', 'steward.d.ts'])
  await output(join(bin, 'tsc'), [
    ...['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext'],
    ...['--types', 'node', '--allowImportingTsExtensions', 'lifecycle.ts'],
  ])
  await giveCodes()
  expect(await output(process.execPath, ['lifecycle.ts'])).toBe(LIFE)
})

/** Their bodies are no JSON, and the generator knows none of their types. */
const NOT_IN_PYTHON = [
  'GET /v1/access-reviews/{id}/export',
  'PUT /v1/ebs-uploads/{id}/parts/{part}',
  'POST /v1/imports/persons',
  'POST /v1/metrics/write',
]

testWith(
  noPython,
  'a Python client made from the document has all operations but four and leads an account through its life',
  async () => {
    const said = await output('python3', [
      ...['-m', 'openapi_python_client', 'generate', '--path', 'openapi.json', '--meta', 'none'],
      ...['--output-path', 'steward_client'],
    ])
    const left = [...said.matchAll(/WARNING parsing (\S+ \S+)/g)].map(([, operation]) => operation)
    expect(left.toSorted()).toEqual(NOT_IN_PYTHON.toSorted())
    await giveCodes()
    expect(await output('python3', ['lifecycle.py'])).toBe(LIFE)
  },
)
