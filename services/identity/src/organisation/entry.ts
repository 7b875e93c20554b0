import { about, Code, Id, Line } from '@erp-steward/contracts/values'
import { Type } from 'typebox'

/** What callers see of every entry of the register, `version` aside. */
export const EntryMembers = {
  id: Id,
  code: about(Code, 'What people, lists and requests call it; it never changes.'),
  name: Type.String({ description: 'As people read it.' }),
  active: Type.Boolean({
    description: 'Whether it may still be chosen; a retired one stays for what refers to it.',
  }),
}

/** What is stated of an entry when it is put. */
export const EntryBody = {
  name: about(Line(200), 'As people read it, at most 200 characters.'),
  active: Type.Boolean({
    default: true,
    description: 'False retires it, which is refused while active people belong to it.',
  }),
}
