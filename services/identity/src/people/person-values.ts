import { about, Line, nullable } from '@erp-steward/contracts/values'
import { Type } from 'typebox'

/** The personnel system's number of a person. */
export const EmployeeNumber = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$',
  description: 'The number by which the personnel system knows the person; case does not matter.',
})

/** Name of a person as it is written. */
export const PersonName = about(Line(100), 'As it is written, at most 100 characters.')

/** Address for notices; EBS takes at most 240 characters. */
export const Email = Type.String({
  format: 'email',
  maxLength: 240,
  description: 'Where notices are sent; at most 240 characters, which is what EBS takes.',
})

/**
 * Birthday of a person, a calendar date from 1901 on: lists write 1900-01-01 for one that nobody knows. That it is not in
 * the future `assertBorn` says.
 */
export const Birthday = Type.String({
  format: 'date',
  pattern: '^(19(0[1-9]|[1-9][0-9])|[2-9][0-9]{3})-',
  description:
    'Calendar date from 1901-01-01 to today. With the name it tells whether somebody is taken in twice.',
})

export const EmailOrNone = nullable(Email, 'Where notices are sent; null: no address.')
export const BirthdayOrUnknown = nullable(Birthday, 'Null: not known.')
