import { Type, type Static, type TObject } from 'typebox'

/** Where the people of the company have their passwords, if that is not here. */
export const DirectoryConfig = {
  DIRECTORY_URL: Type.String({
    description:
      "The company's own directory (LDAP, Active Directory): ldaps://host:port, or ldap://host:port, which is left for TLS before anything is said. People then sign in with its passwords, administrators with their own. Empty: all have their passwords here.",
    pattern: '^(ldaps?://[^/]+)?$',
    default: '',
  }),
  DIRECTORY_CA_FILE: Type.String({
    description:
      'File with the certificates (PEM) that vouch for the directory; empty: those that Node trusts.',
    default: '',
  }),
  DIRECTORY_BASE: Type.String({
    description:
      'Below which entry of the directory people are looked for, for example dc=corp,dc=example.',
    default: '',
  }),
  DIRECTORY_ATTRIBUTE: Type.String({
    description:
      'Attribute of a person that holds the user name: sAMAccountName or userPrincipalName of Active Directory, uid elsewhere.',
    pattern: '^[A-Za-z][A-Za-z0-9-]*$',
    default: 'sAMAccountName',
  }),
  DIRECTORY_READER: Type.String({
    description:
      'Distinguished name (or name, in Active Directory) of an entry that may look for people; empty: anybody may.',
    default: '',
  }),
  DIRECTORY_READER_PASSWORD: Type.String({
    description: 'Its password.',
    writeOnly: true,
    default: '',
  }),
}

export type DirectorySettings = Static<TObject<typeof DirectoryConfig>>
