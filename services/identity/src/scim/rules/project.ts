import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isPresent } from './matches.ts'
import { namespacesOf, placeOf, type Attribute, type Json, type ResourceType } from './attribute.ts'

/** Which attributes an answer has: only those, or all but those, by their keys and the URNs of extensions. */
export interface Selection {
  readonly only: ReadonlySet<string> | null
  readonly without: ReadonlySet<string>
}

export const everything: Selection = { only: null, without: new Set() }

/**
 * Reads what a caller wants of an answer: names with commas between them. Names of no attribute select nothing.
 *
 * @throws Problem `scim-value-refused` for both at once. Source: RFC 7644, 3.9.
 */
export function selectionOf(
  type: ResourceType,
  attributes: string | undefined,
  excludedAttributes: string | undefined,
): Selection {
  if (attributes !== undefined && excludedAttributes !== undefined)
    throw new Problem(
      'scim-value-refused',
      said(
        'Send attributes or excludedAttributes, not both.',
        '请发送 attributes 或 excludedAttributes 之一。',
      ),
    )
  if (attributes !== undefined) return { only: keysOf(type, attributes), without: new Set() }
  return { only: null, without: keysOf(type, excludedAttributes ?? '') }
}

function keysOf(type: ResourceType, list: string): ReadonlySet<string> {
  const names = list.split(',').map((name) => name.trim())
  const urns = type.extensions.map(({ id }) => id)
  return new Set(
    names.flatMap((name) => {
      const urn = urns.find((each) => each.toLowerCase() === name.toLowerCase())
      return urn ?? placeOf(type, name)?.key ?? []
    }),
  )
}

/** Whether an answer of this selection has an attribute that is told only where it is asked for. */
export const asksFor = ({ only }: Selection, key: string) =>
  only !== null && [...only].some((each) => each === key || each.startsWith(`${key}.`))

/** The resource as it is answered: what is selected and not empty. Source: RFC 7644, 3.9. */
export function project(type: ResourceType, resource: Json, selection: Selection): Json {
  const answer: Record<string, unknown> = { schemas: resource.schemas }
  for (const { urn, attributes } of namespacesOf(type)) {
    const from = urn === null ? resource : (Object(resource[urn]) as Json)
    const whole = urn !== null && selection.only?.has(urn) === true
    if (urn !== null && selection.without.has(urn)) continue
    const part = projectPart(attributes, from, selection, urn === null ? '' : `${urn}:`, whole)
    if (urn === null) Object.assign(answer, part)
    else if (Object.keys(part).length > 0) answer[urn] = part
  }
  return answer
}

function projectPart(
  attributes: readonly Attribute[],
  from: Json,
  selection: Selection,
  prefix: string,
  whole: boolean,
): Json {
  const part: Record<string, unknown> = {}
  for (const attribute of attributes) {
    const { name, returned = 'default', subAttributes } = attribute
    const value = from[name]
    const key = prefix + name
    if (!isPresent(value)) continue
    if (returned === 'always' || whole || isSelected(selection, key, returned)) part[name] = value
    if (returned === 'always' || subAttributes === undefined) continue
    const cut = (each: unknown) => cutParts(subAttributes, Object(each) as Json, selection, key)
    const shown = Array.isArray(value) ? value.map(cut).filter(hasMembers) : cut(value)
    // Asked for by its parts, or without some of them.
    if (name in part ? hasParts(selection.without, key) : hasMembers(shown)) part[name] = shown
  }
  return part
}

function isSelected({ only, without }: Selection, key: string, returned: string): boolean {
  return only === null ? returned === 'default' && !without.has(key) : only.has(key)
}

const hasParts = (keys: ReadonlySet<string>, key: string) =>
  [...keys].some((each) => each.startsWith(`${key}.`))

const hasMembers = (part: unknown) => Object.keys(Object(part) as object).length > 0

function cutParts(
  attributes: readonly Attribute[],
  from: Json,
  { only, without }: Selection,
  key: string,
): Json {
  const names = attributes
    .map(({ name }) => name)
    .filter((name) => name in from && from[name] !== null && from[name] !== undefined)
    .filter((name) =>
      only === null
        ? hasParts(without, key) && !without.has(`${key}.${name}`)
        : only.has(`${key}.${name}`),
    )
  return Object.fromEntries(names.map((name) => [name, from[name]]))
}
