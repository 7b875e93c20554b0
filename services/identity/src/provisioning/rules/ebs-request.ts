import type { Responsibility } from '../../organisation/responsibility-value.ts'
import type { EbsCall, EbsState, ProvisioningKind } from '../provisioning-task.ts'

/** One call for the middleware and what it must read back afterwards. */
export interface EbsRequest {
  readonly kind: ProvisioningKind
  readonly call: EbsCall
  readonly expected: EbsState
}

export interface EbsUser {
  readonly userName: string
  readonly name: string
  readonly employeeNumber: string
  readonly email: string | null
}

/** What FND_USER_PKG takes for "make it empty", because null means "leave as is". Source: EBS conventions 4.1. */
const NULL_CHAR = '*NULL*'
/** Who owns the row: a user of the customer, not of the delivery. */
const OWNER = 'CUST'
/** Length of FND_USER.DESCRIPTION. */
const DESCRIPTION_LENGTH = 240

const description = ({ name, employeeNumber }: EbsUser) =>
  `${name} (${employeeNumber})`.slice(0, DESCRIPTION_LENGTH)

/**
 * The password is no argument: the middleware makes a random one that nobody reads, and EBS asks for a new one at the
 * first login because the password date stays empty.
 */
export function createUser(user: EbsUser, startDate: string, passwordDays: number): EbsRequest {
  return {
    kind: 'create-user',
    call: {
      procedure: 'FND_USER_PKG.CreateUser',
      arguments: {
        x_user_name: user.userName,
        x_owner: OWNER,
        x_start_date: startDate,
        x_end_date: null,
        x_description: description(user),
        x_password_date: null,
        x_password_lifespan_days: passwordDays,
        x_email_address: user.email,
      },
    },
    expected: {
      userName: user.userName,
      startDate,
      endDate: null,
      description: description(user),
      emailAddress: user.email,
    },
  }
}

export function updateUser(user: EbsUser): EbsRequest {
  return {
    kind: 'update-user',
    call: {
      procedure: 'FND_USER_PKG.UpdateUser',
      arguments: {
        x_user_name: user.userName,
        x_owner: OWNER,
        x_description: description(user),
        x_email_address: user.email ?? NULL_CHAR,
      },
    },
    expected: {
      userName: user.userName,
      description: description(user),
      emailAddress: user.email,
    },
  }
}

export function enableUser(userName: string, startDate: string): EbsRequest {
  return {
    kind: 'enable-user',
    call: {
      procedure: 'FND_USER_PKG.EnableUser',
      arguments: { username: userName, start_date: startDate, end_date: null, x_owner: OWNER },
    },
    expected: { userName, endDate: null },
  }
}

/** By `UpdateUser` with a fixed date, for `DisableUser` would move the date when it is called again. */
export function endDateUser(userName: string, endDate: string): EbsRequest {
  return {
    kind: 'end-date-user',
    call: {
      procedure: 'FND_USER_PKG.UpdateUser',
      arguments: { x_user_name: userName, x_owner: OWNER, x_end_date: endDate },
    },
    expected: { userName, endDate },
  }
}

export function addResponsibility(
  userName: string,
  { application, key, securityGroup }: Responsibility,
  startDate: string,
): EbsRequest {
  return {
    kind: 'add-responsibility',
    call: {
      procedure: 'FND_USER_PKG.AddResp',
      arguments: {
        username: userName,
        resp_app: application,
        resp_key: key,
        security_group: securityGroup,
        description: null,
        start_date: startDate,
        end_date: null,
      },
    },
    expected: { userName, application, responsibilityKey: key, securityGroup, endDate: null },
  }
}

export function endResponsibility(
  userName: string,
  { application, key, securityGroup }: Responsibility,
  endDate: string,
): EbsRequest {
  return {
    kind: 'end-responsibility',
    call: {
      procedure: 'FND_USER_PKG.DelResp',
      arguments: {
        username: userName,
        resp_app: application,
        resp_key: key,
        security_group: securityGroup,
      },
    },
    expected: { userName, application, responsibilityKey: key, securityGroup, endDate },
  }
}

const role = (
  kind: 'add-role' | 'end-role',
  userName: string,
  roleName: string,
  startDate: string | null,
  endDate: string | null,
): EbsRequest => ({
  kind,
  call: {
    procedure: 'WF_LOCAL_SYNCH.PropagateUserRole',
    arguments: {
      p_user_name: userName,
      p_role_name: roleName,
      p_start_date: startDate,
      p_expiration_date: endDate,
    },
  },
  expected: { userName, roleName, endDate },
})

export function addRole(userName: string, roleName: string, startDate: string): EbsRequest {
  return role('add-role', userName, roleName, startDate, null)
}

export function endRole(userName: string, roleName: string, endDate: string): EbsRequest {
  return role('end-role', userName, roleName, null, endDate)
}

/**
 * The password is no argument: the middleware makes a random one that nobody reads. Because the password date becomes empty,
 * EBS asks for a new one at the next login; a lock ends. Source: EBS conventions 4.1, 4.6.
 */
export function resetPassword(userName: string): EbsRequest {
  return {
    kind: 'reset-password',
    call: {
      procedure: 'FND_USER_PKG.UpdateUser',
      arguments: { x_user_name: userName, x_owner: OWNER, x_password_date: NULL_CHAR },
    },
    expected: { userName, passwordDate: null },
  }
}

/** At site level, which alone counts at the login page. Source: EBS conventions 4.6. */
export function setProfileOption(profileOption: string, value: string): EbsRequest {
  return {
    kind: 'set-profile-option',
    call: {
      procedure: 'FND_PROFILE.SAVE',
      arguments: { x_name: profileOption, x_value: value, x_level_name: 'SITE' },
    },
    expected: { profileOption, value },
  }
}
