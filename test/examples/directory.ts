import { textOf, type Company } from './company.ts'

/** A directory of the company keeps people in step in the words of SCIM. */
export async function directory(company: Company): Promise<void> {
  const { play } = company
  const as = 'directory'
  await company.employ(as, 'PROVISIONING_CLIENT')
  await play.show('readScimProviderConfig', 'What the server does of SCIM', { as })
  await play.show('listScimResourceTypes', 'Users and groups', { as })
  await play.show('readScimResourceType', 'Users', { as, path: { id: 'User' } })
  await play.show('listScimSchemas', 'Which attributes there are, with the codes of the register', {
    as,
  })
  await play.show('readScimSchema', 'Those that are of this product', {
    as,
    path: { id: 'urn:erp-steward:params:scim:schemas:extension:ebs:1.0:User' },
  })
  const { id, userName } = company.member('H20003')
  await play.show('listScimUsers', 'Somebody by the user name', {
    as,
    query: { filter: `userName eq "${userName}"`, attributes: 'userName,active,groups' },
  })
  await play.show('readScimUser', 'The same, whole', { as, path: { id } })
  await play.show('readScimMe', 'What it says of whoever asks', { as: userName })
  const groups = await play.show('listScimGroups', 'Positions', {
    as,
    query: { sortBy: 'displayName', count: 2 },
  })
  const [group] = groups.body.Resources as Readonly<Record<string, unknown>>[]
  await play.show('readScimGroup', 'A position with its people', {
    as,
    path: { id: textOf(group ?? {}, 'id') },
    query: { attributes: 'displayName,members.value' },
  })
  await play.show('searchScimUsers', 'By a filter that no log of addresses keeps', {
    as,
    contentType,
    body: { schemas: [`${MESSAGES}SearchRequest`], filter: `userName eq "${userName}"`, count: 1 },
  })
  await play.show('searchScimGroups', 'Positions by a part of the name', {
    as,
    contentType,
    body: { schemas: [`${MESSAGES}SearchRequest`], filter: 'displayName co "员"', count: 2 },
  })
  await play.show('searchScim', 'Whatever has a name to be shown', {
    as,
    contentType,
    body: { schemas: [`${MESSAGES}SearchRequest`], filter: 'displayName pr', count: 2 },
  })
  await writes(company)
}

const contentType = 'application/scim+json'
const UNIT = 'HD-SZ'
const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0:'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const EBS = 'urn:erp-steward:params:scim:schemas:extension:ebs:1.0:User'

const newcomer = (number: string, name: string) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE, EBS],
  externalId: `ad-${number}`,
  userName: number,
  name: { formatted: name },
  emails: [{ value: `${number.toLowerCase()}@hd.example.test`, type: 'work', primary: true }],
  active: true,
  [ENTERPRISE]: { employeeNumber: number, organization: UNIT, department: 'FIN' },
  [EBS]: { position: 'AP-CLERK' },
})

async function writes({ play }: Company): Promise<void> {
  const as = 'directory'
  const created = await play.show('createScimUser', 'Somebody new, with account and EBS user', {
    as,
    contentType,
    body: newcomer('H29001', '夏天'),
  })
  const path = { id: textOf(created.body, 'id') }
  const change = (...Operations: object[]) => ({ schemas: [`${MESSAGES}PatchOp`], Operations })
  await play.show('patchScimUser', 'The address changes', {
    as,
    path,
    contentType,
    body: change({
      op: 'replace',
      path: 'emails[type eq "work"].value',
      value: 'summer@hd.example.test',
    }),
  })
  await play.call('patchScimUser', {
    as,
    path,
    contentType,
    body: change({ op: 'replace', path: 'active', value: false }),
  })
  await play.show('patchScimUser', 'A frozen account is to be open: its release is asked for', {
    as,
    path,
    contentType,
    body: change({ op: 'replace', path: 'active', value: true }),
  })
  await play.show('replaceScimUser', 'Everything as the directory has it', {
    as,
    path,
    contentType,
    body: { ...newcomer('H29001', '夏天'), title: '出纳', active: false },
  })
  await play.show('deleteScimUser', 'The directory has the person no longer', { as, path })
  await play.show('doScimBulk', 'Two people, one the manager of the other', {
    as,
    contentType,
    body: {
      schemas: [`${MESSAGES}BulkRequest`],
      failOnErrors: 1,
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'head', data: newcomer('H29002', '秋叶') },
        {
          method: 'POST',
          path: '/Users',
          bulkId: 'member',
          data: {
            ...newcomer('H29003', '冬雪'),
            [ENTERPRISE]: {
              employeeNumber: 'H29003',
              organization: UNIT,
              department: 'FIN',
              manager: { value: 'bulkId:head' },
            },
          },
        },
      ],
    },
  })
}
