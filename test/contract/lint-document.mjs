// node test/contract/lint-document.mjs openapi.json
// Prints what Spectral and Redocly find in the document, a line each; ends with status 1 when there is anything.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConfig, lint } from '@redocly/openapi-core'
import spectral from '@stoplight/spectral-core'
import parsers from '@stoplight/spectral-parsers'
import ruleset from './ruleset.mjs'

const [file] = process.argv.slice(2)

const linter = new spectral.Spectral()
linter.setRuleset(
  new spectral.Ruleset(ruleset, { source: join(import.meta.dirname, 'ruleset.mjs') }),
)
// Exceptions of the ruleset hold for files beside it.
const document = new spectral.Document(
  await readFile(file, 'utf8'),
  parsers.Json,
  join(import.meta.dirname, 'openapi.json'),
)
const found = (await linter.run(document)).map(
  ({ code, message, path }) => `${code} #/${path.join('/')}: ${message}`,
)

const config = await createConfig({ extends: ['recommended-strict'] })
for (const { ruleId, message, location } of await lint({ ref: file, config }))
  found.push(`${ruleId} ${location.map(({ pointer }) => pointer).join(', ')}: ${message}`)

console.log(found.join('\n'))
process.exitCode = found.length > 0 ? 1 : 0
