import type { ResourceType } from './rules/attribute.ts'

export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'

/**
 * Groups are the positions of the register: what gives a person rights. Who is in one follows from the person's position, and
 * what one gives from the approved matrix, so that nothing of a group is changed here.
 */
export const Group: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Positions, whose members have their rights; read only.',
  schema: {
    id: GROUP,
    name: 'Group',
    description: 'A position of the register.',
    attributes: [
      {
        name: 'displayName',
        type: 'string',
        description: 'Name of the position; its code is the externalId.',
        required: true,
        mutability: 'readOnly',
      },
      {
        name: 'members',
        type: 'complex',
        multiValued: true,
        description: 'The people in the position, where they are asked for.',
        mutability: 'readOnly',
        returned: 'request',
        subAttributes: [
          {
            name: 'value',
            type: 'string',
            description: 'Id of the user.',
            caseExact: true,
            mutability: 'readOnly',
          },
          {
            name: '$ref',
            type: 'reference',
            description: 'Address of the user.',
            caseExact: true,
            mutability: 'readOnly',
            referenceTypes: ['User'],
          },
          {
            name: 'type',
            type: 'string',
            description: 'What it is.',
            mutability: 'readOnly',
            canonicalValues: ['User'],
          },
        ],
      },
    ],
  },
  extensions: [],
}
