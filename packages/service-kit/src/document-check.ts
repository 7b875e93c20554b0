import { isInstant, isLocalDate } from '@erp-steward/contracts/calendar-text'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

/**
 * Answers what is wrong with a value by a schema of an OpenAPI 3.1 document, `null` where it fits; `pointer` leads to
 * the schema as a JSON pointer whose parts are not escaped yet.
 */
export function documentCheck(
  document: object,
): (pointer: readonly string[], value: unknown) => string | null {
  const ajv = formats
    .default(new Ajv2020({ strict: false, allErrors: true }))
    .addFormat('date-time', isInstant)
    .addFormat('date', isLocalDate)
    .addSchema(document, DOCUMENT)
  return (pointer, value) => {
    const path = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
    const check = ajv.compile({ $ref: `${DOCUMENT}#/${encodeURI(path)}` })
    return check(value) ? null : ajv.errorsText(check.errors)
  }
}

const DOCUMENT = 'document.json'
