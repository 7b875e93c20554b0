import { readFileSync } from 'node:fs'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { parse } from 'yaml'

const Setting = Type.Union([Type.String(), Type.Number()])

/** What the product's own checks and its end-to-end test read of a container; the schema of Compose knows the rest. */
const Container = Type.Object({
  image: Type.Optional(Type.String()),
  command: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  environment: Type.Optional(Type.Record(Type.String(), Setting)),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  user: Type.Optional(Type.String()),
  read_only: Type.Optional(Type.Boolean()),
  restart: Type.Optional(Type.String()),
  build: Type.Optional(Type.Object({ context: Type.String(), dockerfile: Type.String() })),
  healthcheck: Type.Optional(
    Type.Object({
      disable: Type.Optional(Type.Boolean()),
      test: Type.Optional(Type.Array(Type.String())),
    }),
  ),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  networks: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.Record(Type.String(), Type.Unknown())]),
  ),
})
export type Container = Static<typeof Container>

const ComposeFile = Type.Object({
  services: Type.Record(Type.String(), Container),
  networks: Type.Record(Type.String(), Type.Unknown()),
  volumes: Type.Record(Type.String(), Type.Unknown()),
})
export type ComposeFile = Static<typeof ComposeFile>

const composeFile = Compile(ComposeFile)

/** The committed compose file. */
export const COMPOSE_FILE = new URL('../../../docker-compose.yml', import.meta.url)

/** The text of the committed compose file, anchors and merge keys resolved. */
export function readCompose(text = readFileSync(COMPOSE_FILE, 'utf8')): ComposeFile {
  const document: unknown = parse(text, { merge: true })
  if (composeFile.Check(document)) return document
  const [fault] = composeFile.Errors(document)
  throw new TypeError(`docker-compose.yml: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`)
}

/** @throws TypeError when the file has no such container */
export function containerOf(file: ComposeFile, name: string): Container {
  const container = file.services[name]
  if (container === undefined) throw new TypeError(`docker-compose.yml has no container ${name}`)
  return container
}

/** What a container runs, as a script of this repository and its arguments. @throws TypeError when it is not `node …` */
export function scriptOf(file: ComposeFile, name: string): { script: string; args: string[] } {
  const [program, script, ...args] = containerOf(file, name).command ?? []
  if (program !== 'node' || script === undefined)
    throw new TypeError(`docker-compose.yml: ${name} does not start with node and a script`)
  return { script, args }
}

/** The environment that Compose would give a container. */
export function environmentOf(
  file: ComposeFile,
  name: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(containerOf(file, name).environment ?? {}).map(([setting, value]) => [
      setting,
      interpolate(String(value), variables),
    ]),
  )
}

/** A variable as a text of the compose file names it. */
export interface Variable {
  readonly name: string
  /** Compose refuses to start without it. */
  readonly required: boolean
}

/** Every `${…}` of a text, those within defaults too. */
export function variablesIn(text: string): Variable[] {
  return [...text.matchAll(/(?<!\$)\$\{(\w+)(:?\?)?/g)].map(([, name = '', operator]) => ({
    name,
    required: operator !== undefined,
  }))
}

/**
 * Puts variables in as Compose does: `${X}`, `${X:-default}`, `${X:?message}`; a default may hold variables; `$$` is `$`.
 *
 * @throws Error with the message of a required variable that is missing or empty
 */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  let done = ''
  let rest = text
  for (let at = rest.indexOf('$'); at >= 0; at = rest.indexOf('$')) {
    done += rest.slice(0, at)
    rest = rest.slice(at)
    if (rest.startsWith('$$')) {
      done += '$'
      rest = rest.slice(2)
      continue
    }
    const end = closingBrace(rest)
    const inner = /^(\w+)(?::([-?])(.*))?$/s.exec(rest.slice(2, end))
    if (!rest.startsWith('${') || inner === null)
      throw new Error(`Not a variable of Compose that is used here: ${text}`)
    const [, name = '', operator, operand = ''] = inner
    const value = variables[name] ?? ''
    if (value === '' && operator === '?') throw new Error(`${name}: ${operand}`)
    done += value === '' && operator === '-' ? interpolate(operand, variables) : value
    rest = rest.slice(end + 1)
  }
  return done + rest
}

function closingBrace(text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith('${', at)) depth += 1
    if (text[at] === '}') {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return text.length
}
