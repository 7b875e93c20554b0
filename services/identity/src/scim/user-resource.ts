import type { Attribute, ResourceType, ScimSchema } from './rules/attribute.ts'

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
/** Ours: what a person has in EBS, and the position that gives it. */
export const EBS_USER = 'urn:erp-steward:params:scim:schemas:extension:ebs:1.0:User'

/** Codes of the register that a caller may name. */
export interface KnownCodes {
  readonly units: readonly string[]
  readonly departments: readonly string[]
  readonly positions: readonly string[]
}

const reference = (name: string, types: readonly string[]): Attribute => ({
  name: '$ref',
  type: 'reference',
  description: `Address of the ${name}.`,
  caseExact: true,
  referenceTypes: types,
})

const readOnly = (attribute: Attribute): Attribute => ({ ...attribute, mutability: 'readOnly' })

const userSchema: ScimSchema = {
  id: USER,
  name: 'User',
  description: 'A person of the register with an account that is not one of an administrator.',
  attributes: [
    {
      name: 'userName',
      type: 'string',
      description:
        'How the person signs in, and the name of the EBS user: capitals, digits, dot, dash, underscore and @, at most 100; small letters are made capitals.',
      required: true,
      mutability: 'immutable',
      uniqueness: 'server',
    },
    {
      name: 'name',
      type: 'complex',
      description: 'The name of the person.',
      required: true,
      subAttributes: [
        {
          name: 'formatted',
          type: 'string',
          description:
            'The whole name, as the register has it; made of the others, or of displayName, where it is not sent.',
          required: true,
        },
        { name: 'familyName', type: 'string', description: 'As the client keeps it.' },
        { name: 'givenName', type: 'string', description: 'As the client keeps it.' },
      ],
    },
    { name: 'displayName', type: 'string', description: 'As the client keeps it.' },
    { name: 'title', type: 'string', description: 'As the client keeps it; it gives no rights.' },
    {
      name: 'active',
      type: 'boolean',
      description:
        'Whether the account is open. false freezes it at once; true asks for a release, which the security rules decide. True where it is not sent with a new user.',
      required: true,
    },
    {
      name: 'emails',
      type: 'complex',
      multiValued: true,
      description: 'Where notices are sent: one address at most.',
      subAttributes: [
        { name: 'value', type: 'string', description: 'The address, at most 240 characters.' },
        { name: 'type', type: 'string', description: 'Its kind.', canonicalValues: ['work'] },
        { name: 'primary', type: 'boolean', description: 'True: there is no other.' },
      ],
    },
    {
      name: 'groups',
      type: 'complex',
      multiValued: true,
      description: 'The position of the person, from which the rights come.',
      mutability: 'readOnly',
      subAttributes: [
        readOnly({
          name: 'value',
          type: 'string',
          description: 'Id of the group.',
          caseExact: true,
        }),
        readOnly(reference('group', ['Group'])),
        readOnly({ name: 'display', type: 'string', description: 'Name of the position.' }),
        readOnly({
          name: 'type',
          type: 'string',
          description: 'How it is a member.',
          canonicalValues: ['direct'],
        }),
      ],
    },
  ],
}

const enterpriseSchema = ({ units, departments }: KnownCodes): ScimSchema => ({
  id: ENTERPRISE_USER,
  name: 'EnterpriseUser',
  description: 'Number and place of the person.',
  attributes: [
    {
      name: 'employeeNumber',
      type: 'string',
      description: 'The number by which the personnel system knows the person.',
      required: true,
      mutability: 'immutable',
      uniqueness: 'server',
    },
    {
      name: 'organization',
      type: 'string',
      description: 'Code of the unit.',
      required: true,
      canonicalValues: units,
    },
    {
      name: 'department',
      type: 'string',
      description: 'Code of the department, of that unit.',
      required: true,
      canonicalValues: departments,
    },
    {
      name: 'manager',
      type: 'complex',
      description: 'Whom the person reports to; it gives no rights.',
      subAttributes: [
        { name: 'value', type: 'string', description: 'Id of the manager.', caseExact: true },
        reference('manager', ['User']),
      ],
    },
  ],
})

const ebsSchema = ({ positions }: KnownCodes): ScimSchema => ({
  id: EBS_USER,
  name: 'EbsUser',
  description: 'The position, and what it has come to in EBS.',
  attributes: [
    {
      name: 'position',
      type: 'string',
      description:
        'Code of the position; another one is a move, whose rights wait for an approval.',
      required: true,
      canonicalValues: positions,
    },
    readOnly({ name: 'userName', type: 'string', description: 'Name of the EBS user.' }),
    readOnly({
      name: 'accountStatus',
      type: 'string',
      description: 'Why the account is open or not.',
      canonicalValues: ['active', 'frozen', 'disabled'],
    }),
    readOnly({
      name: 'rightsPending',
      type: 'boolean',
      description: 'Whether the rights of the position wait for an approval.',
    }),
    readOnly({
      name: 'provisioningState',
      type: 'string',
      description: 'Whether EBS has read back what was asked of it.',
      canonicalValues: ['synchronized', 'pending', 'failed'],
    }),
    readOnly({
      name: 'responsibilities',
      type: 'complex',
      multiValued: true,
      description: 'Responsibilities and roles in EBS that are in force.',
      subAttributes: [
        readOnly({
          name: 'value',
          type: 'string',
          description: 'Application, key and security group, or the role of User Management.',
          caseExact: true,
        }),
        readOnly({
          name: 'type',
          type: 'string',
          description: 'Which of the two.',
          canonicalValues: ['ebs-responsibility', 'ebs-role'],
        }),
        readOnly({ name: 'startsAt', type: 'dateTime', description: 'In force from then on.' }),
        readOnly({ name: 'endsAt', type: 'dateTime', description: 'No longer from then on.' }),
      ],
    }),
  ],
})

/** Users, with the codes that a caller may name as values that an attribute may have. */
export const userType = (codes: KnownCodes): ResourceType => ({
  name: 'User',
  endpoint: '/Users',
  description: 'People with an account.',
  schema: userSchema,
  extensions: [enterpriseSchema(codes), ebsSchema(codes)],
})

/** Users, where it does not matter which codes there are. */
export const User = userType({ units: [], departments: [], positions: [] })
