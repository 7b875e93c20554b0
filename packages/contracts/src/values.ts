import { Type, type Static, type TProperties, type TSchema } from 'typebox'
import { Set as setFormat } from 'typebox/format'
import { isInstant, isLocalDate } from './calendar-text.ts'

// The formats of the schema compiler have a year 0 and leap seconds; rows of imports and events are checked by it.
setFormat('date-time', isInstant)
setFormat('date', isLocalDate)

/** A UUID in lower-case text form, as RFC 9562 writes it. */
export const Uuid = Type.String({ format: 'uuid' })

/** An instant as RFC 3339 text with a zone, years 1 to 9999, without leap seconds (`isInstant`); we write UTC. */
export const Instant = Type.String({ format: 'date-time' })

/** An instant in an answer: handlers return a `Date`, the serializer writes RFC 3339 in UTC. */
export const InstantOut = Type.Unsafe<Date>(Type.String({ format: 'date-time' }))

/** A calendar date without a zone, `2026-11-22`, years 1 to 9999 (`isLocalDate`). */
export const LocalDate = Type.String({ format: 'date' })

/** A short code that people choose: upper-case letters, digits, dot, dash, underscore. */
export const Code = Type.String({ pattern: '^[A-Z0-9][A-Z0-9._-]{0,39}$' })

/**
 * Personal data as ciphertext (AES-256-GCM): key id, initialisation vector, tag and body, joined by dots. Only a service
 * with the keys opens it. Source.
 */
export const SealedText = Type.String({
  pattern: '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]*$',
  description: 'Sealed: only a service of the product with the keys of personal data opens it.',
})

/** One line of text that people read; control characters are refused so that no log line can be forged. */
export const Line = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })

/** Text of several lines; NUL is refused because PostgreSQL cannot store it. */
export const Paragraph = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$' })

/** The value or JSON `null`; `description` is what callers read of the member. */
export const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

/** The schema with what callers read of this member; not for a schema with a name, which has its own words everywhere. */
export const about = <T extends TSchema>(schema: T, description: string) =>
  Type.Unsafe<Static<T>>({ ...schema, description })

/** Version of a resource: 1 when it is made, one more with each change. */
export const Version = Type.Integer({
  description: 'Rises by one with each change; in quotes it is the `ETag` that `If-Match` names.',
})

/** Why somebody did what a regulation lets others ask about. */
export const Reason = about(
  Paragraph(500),
  'Why, in at most 500 characters; the audit log keeps it.',
)

/** The id of a resource. */
export const Id = about(Uuid, 'Never changes and is never given to another.')

/** The unit of a resource. */
export const UnitId = about(Uuid, 'The unit that it belongs to.')

/** Filter of a list by unit. */
export const OfUnit = about(
  Uuid,
  'Only what belongs to this unit; whose range is one unit sees no other anyway.',
)

/** A body: no other member than these is taken. */
export const closed = <Members extends TProperties>(members: Members) =>
  Type.Object(members, { additionalProperties: false })

export const AccountStanding = Type.Enum(['active', 'frozen', 'disabled', 'none'], {
  title: 'AccountStanding',
  description: "State of a person's business account; `none`: there is none.",
})
export type AccountStanding = Static<typeof AccountStanding>

/** Source: defaults 2.1. */
export const Priority = Type.Enum(['P1', 'P2', 'P3', 'P4'], {
  title: 'Priority',
  description: 'Fault level, P1 the gravest.',
})
export type Priority = Static<typeof Priority>

export const SupportTier = Type.Enum(['L1', 'L2', 'L3'], {
  title: 'SupportTier',
  description:
    'Support tier: L1 key users of the unit, L2 of the company, L3 the experts. Source: B-4.0.',
})
export type SupportTier = Static<typeof SupportTier>
