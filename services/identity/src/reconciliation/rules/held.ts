import { LocalDate, nullable } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { ResponsibilityValue } from '../../organisation/responsibility-value.ts'

const Day = nullable(LocalDate)
/** Text of a column of EBS as it is there. */
const Text = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f]*$' })

/** A user as EBS has it: a line of an upload. Sources: EBS conventions 4.1, 4.2. */
export const HeldUser = Type.Object(
  {
    userName: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[^\\u0000-\\u001f]*$',
      description: '`FND_USER.USER_NAME`.',
    }),
    endDate: nullable(LocalDate, '`FND_USER.END_DATE`; null: none.'),
    lastLogonDate: Type.Optional(nullable(LocalDate, '`FND_USER.LAST_LOGON_DATE`.')),
    validity: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 99 }),
        'How EBS says that the user stands, by its codes: 1 active, 12 locked, 13 ended, 21 has to choose a password.',
      ),
    ),
    employeeNumber: Type.Optional(
      nullable(Text(60), 'Number of the employee whom `FND_USER.EMPLOYEE_ID` names.'),
    ),
    email: Type.Optional(nullable(Text(254), '`FND_USER.EMAIL_ADDRESS`.')),
    description: Type.Optional(nullable(Text(240), '`FND_USER.DESCRIPTION`.')),
    responsibilities: Type.Array(
      Type.Object(
        {
          ...ResponsibilityValue.properties,
          endDate: Day,
          indirect: Type.Optional(
            Type.Boolean({ description: 'Whether it comes by a role; it is not compared then.' }),
          ),
        },
        { additionalProperties: false },
      ),
      { maxItems: 1_000, description: 'From `FND_USER_RESP_GROUPS_DIRECT`.' },
    ),
    roles: Type.Array(
      Type.Object({ name: Text(320), endDate: Day }, { additionalProperties: false }),
      { maxItems: 1_000, description: 'Roles of User Management, from `WF_LOCAL_USER_ROLES`.' },
    ),
  },
  { title: 'HeldEbsUser', additionalProperties: false },
)
export type HeldUser = Static<typeof HeldUser>

/** A profile option at site level: a line of an upload. Source: EBS conventions 4.6. */
export const HeldProfileOption = Type.Object(
  {
    profileOption: Type.String({
      pattern: '^[A-Z0-9_:]{1,80}$',
      description: 'Internal name, `SIGNON_PASSWORD_LENGTH`.',
    }),
    value: nullable(Type.String({ maxLength: 240, pattern: '^[^\\u0000]*$' }), 'Null: not set.'),
  },
  { title: 'HeldEbsProfileOption', additionalProperties: false },
)
export type HeldProfileOption = Static<typeof HeldProfileOption>

/** A line of an upload: a user, or a profile option at site level. */
export type HeldRow = HeldUser | HeldProfileOption
