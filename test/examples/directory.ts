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
}
