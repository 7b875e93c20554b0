import { Line } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { Raw, type FindOperator } from 'typeorm'

/** Query member `nameContains` of a list whose names lie in clear. */
export const NameContains = (mostCharacters: number) =>
  Type.Optional(
    Type.Unsafe<string>({
      ...Line(mostCharacters),
      description: 'A part of the name; case does not matter.',
    }),
  )

/** Names with the part in them. Not `like`: a name may hold its wildcards. */
export const containing = (part: string) =>
  // TypeORM types it as an operator of anything.
  Raw((name) => `position(upper(:part) in upper(${name})) > 0`, {
    part,
  }) as FindOperator<string>
