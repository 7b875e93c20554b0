type EbsValue = string | number | null
export type EbsState = Record<string, EbsValue>

export interface EbsCall {
  readonly procedure: string
  readonly arguments: Readonly<Record<string, EbsValue>>
}

interface EbsUser {
  startDate: EbsValue
  endDate: EbsValue
  description: EbsValue
  emailAddress: EbsValue
  /** Empty: EBS asks for a new password at the next login. */
  passwordDate?: EbsValue
  /** Locked by failed logins until the password is reset: EBS knows no timed unlock. */
  locked?: boolean
}

/** Everything that an EBS remembers, as JSON keeps it. */
export interface EbsMemory {
  readonly users: Readonly<Record<string, EbsUser>>
  /** End dates of responsibilities and roles by user and name; `null` while they last. */
  readonly responsibilities: Readonly<Record<string, EbsValue>>
  readonly roles: Readonly<Record<string, EbsValue>>
  /** Site values of profile options by their internal names. */
  readonly profile?: Readonly<Record<string, string>>
}

/** A user as a middleware uploads it; a type, so that it goes into a JSON line as it is. */
export interface HeldUser {
  readonly userName: string
  readonly endDate: EbsValue
  readonly validity: number
  readonly email: EbsValue
  readonly description: EbsValue
  readonly responsibilities: readonly {
    readonly application: string
    readonly key: string
    readonly securityGroup: string
    readonly endDate: EbsValue
    readonly indirect: boolean
  }[]
  readonly roles: readonly { readonly name: string; readonly endDate: EbsValue }[]
}

/** What EBS answers to a call that it does not take. */
export class EbsRefusal extends Error {
  override readonly name = 'EbsRefusal'
  readonly code = 'ORA-20001'
}

/** What FND_USER_PKG takes for "make it empty", because null means "leave as is". Source: EBS conventions 4.1. */
const NULL_CHAR = '*NULL*'

/**
 * An E-Business Suite as far as users, responsibilities, roles and site profile options go, in memory. Names of users are
 * upper case, nothing is deleted, a second creation is refused, what comes by a role is not ended alone, and a lock lasts
 * until a reset. Source: EBS conventions 4.1, 4.2, 4.6.
 */
export class EbsSimulator {
  readonly users = new Map<string, EbsUser>()
  readonly profile = new Map<string, string>()
  /** Responsibilities that a role brings, by its name: `SQLGL|GL_CLERK|STANDARD`. */
  readonly brings = new Map<string, readonly string[]>()
  readonly #responsibilities = new Map<string, EbsValue>()
  readonly #roles = new Map<string, EbsValue>()
  /** How often each user was asked to be created: EBS refuses a second time, so more than one is a fault of the caller. */
  readonly creations = new Map<string, number>()

  constructor(memory: EbsMemory = { users: {}, responsibilities: {}, roles: {} }) {
    for (const [name, user] of Object.entries(memory.users)) this.users.set(name, { ...user })
    for (const [key, endDate] of Object.entries(memory.responsibilities))
      this.#responsibilities.set(key, endDate)
    for (const [key, endDate] of Object.entries(memory.roles)) this.#roles.set(key, endDate)
    for (const [name, value] of Object.entries(memory.profile ?? {})) this.profile.set(name, value)
  }

  get memory(): EbsMemory {
    return {
      users: Object.fromEntries(this.users),
      responsibilities: Object.fromEntries(this.#responsibilities),
      roles: Object.fromEntries(this.#roles),
      ...(this.profile.size > 0 && { profile: Object.fromEntries(this.profile) }),
    }
  }

  /**
   * Runs a call as EBS would, twice if it is called twice.
   *
   * @throws EbsRefusal for a user that exists already or not at all, an assignment that is not direct, a procedure that this
   *   EBS does not have
   */
  call({ procedure, arguments: given }: EbsCall): void {
    switch (procedure) {
      case 'FND_USER_PKG.CreateUser':
        this.#create(nameOf(given.x_user_name), given)
        return
      case 'FND_USER_PKG.UpdateUser':
        this.#update(this.#known(nameOf(given.x_user_name)), given)
        return
      case 'FND_USER_PKG.DisableUser':
        // Whenever it is called: a second call moves the date.
        this.#known(nameOf(given.username)).endDate = chinaToday()
        return
      case 'FND_USER_PKG.EnableUser': {
        const user = this.#known(nameOf(given.username))
        user.endDate = given.end_date ?? null
        return
      }
      case 'FND_USER_PKG.ChangePassword': {
        const user = this.#known(nameOf(given.username))
        user.locked = false
        user.passwordDate = null
        return
      }
      case 'FND_USER_PKG.AddResp':
        this.#known(nameOf(given.username))
        this.#responsibilities.set(responsibilityKey(given), given.end_date ?? null)
        return
      case 'FND_USER_PKG.DelResp':
        this.#endResponsibility(given)
        return
      case 'WF_LOCAL_SYNCH.PropagateUserRole':
        this.#known(nameOf(given.p_user_name))
        this.#roles.set(roleKey(given), given.p_expiration_date ?? null)
        return
      case 'FND_PROFILE.SAVE':
        this.profile.set(String(given.x_name), String(given.x_value))
        return
      default:
        throw new EbsRefusal(`This EBS knows no ${procedure}.`)
    }
  }

  /** What EBS has now of what a call is about, `null` where it has nothing of it. */
  read({ procedure, arguments: given }: EbsCall): EbsState | null {
    switch (procedure) {
      case 'FND_USER_PKG.AddResp':
      case 'FND_USER_PKG.DelResp': {
        const endDate = this.#responsibilities.get(responsibilityKey(given))
        return endDate === undefined
          ? null
          : {
              userName: nameOf(given.username),
              application: given.resp_app ?? null,
              responsibilityKey: given.resp_key ?? null,
              securityGroup: given.security_group ?? null,
              endDate,
            }
      }
      case 'WF_LOCAL_SYNCH.PropagateUserRole': {
        const endDate = this.#roles.get(roleKey(given))
        if (endDate === undefined) return null
        return { userName: nameOf(given.p_user_name), roleName: given.p_role_name ?? null, endDate }
      }
      case 'FND_PROFILE.SAVE': {
        const value = this.profile.get(String(given.x_name))
        return value === undefined ? null : { profileOption: String(given.x_name), value }
      }
      default:
        return this.#user(nameOf(given.x_user_name ?? given.username))
    }
  }

  /** Failed logins enough: nobody signs in as this user until the password is reset. */
  lock(name: string): void {
    this.#known(nameOf(name)).locked = true
  }

  /** All users with what they hold, ended ones too: a line of an upload each. */
  held(): HeldUser[] {
    const assigned = Map.groupBy(this.#responsibilities, ([key]) => key.slice(0, key.indexOf('|')))
    const roles = Map.groupBy(this.#roles, ([key]) => key.slice(0, key.indexOf('|')))
    const day = chinaToday()
    return [...this.users].map(([userName, user]) => {
      const { endDate, emailAddress, description } = user
      const own = (roles.get(userName) ?? []).map(([key, end]) => ({
        name: key.slice(userName.length + 1),
        endDate: end,
      }))
      const direct = (assigned.get(userName) ?? []).map(([key, end]) =>
        responsibility(key.slice(userName.length + 1), end, false),
      )
      const indirect = own.flatMap(({ name, endDate: end }) =>
        (this.brings.get(name) ?? []).map((each) => responsibility(each, end, true)),
      )
      return {
        ...{ userName, endDate, email: emailAddress, description, roles: own },
        validity: Number(validityOf(user, day)),
        responsibilities: [...direct, ...indirect],
      }
    })
  }

  #create(name: string, given: EbsCall['arguments']): void {
    this.creations.set(name, (this.creations.get(name) ?? 0) + 1)
    if (this.users.has(name)) throw new EbsRefusal(`The user ${name} exists already.`)
    this.users.set(name, {
      startDate: given.x_start_date ?? null,
      endDate: given.x_end_date ?? null,
      description: given.x_description ?? null,
      emailAddress: given.x_email_address ?? null,
    })
  }

  #update(user: EbsUser, given: EbsCall['arguments']): void {
    user.endDate = updated(user.endDate, given.x_end_date)
    user.description = updated(user.description, given.x_description)
    user.emailAddress = updated(user.emailAddress, given.x_email_address)
    if (given.x_password_date === undefined || given.x_password_date === null) return
    // With it comes a password, which ends a lock.
    user.passwordDate = updated(user.passwordDate ?? null, given.x_password_date)
    user.locked = false
  }

  #endResponsibility(given: EbsCall['arguments']): void {
    this.#known(nameOf(given.username))
    const key = responsibilityKey(given)
    if (!this.#responsibilities.has(key))
      throw new EbsRefusal(`The responsibility ${key} is not assigned directly.`)
    this.#responsibilities.set(key, chinaToday())
  }

  #known(name: string): EbsUser {
    const user = this.users.get(name)
    if (user === undefined) throw new EbsRefusal(`EBS has no user ${name}.`)
    return user
  }

  #user(name: string): EbsState | null {
    const user = this.users.get(name)
    if (user === undefined) return null
    const { startDate, endDate, description, emailAddress, passwordDate = null } = user
    const validity = validityOf(user, chinaToday())
    return { userName: name, startDate, endDate, description, emailAddress, passwordDate, validity }
  }
}

/**
 * How a user stands, as FND_USER_PKG tells it: 1 active, 12 locked, 13 ended, 21 has to choose a password. Source: EBS
 * conventions 4.1.
 */
function validityOf(
  { endDate, locked = false, passwordDate = null }: EbsUser,
  day: string,
): string {
  if (endDate !== null && String(endDate) <= day) return '13'
  if (locked) return '12'
  return passwordDate === null ? '21' : '1'
}

/** EBS keeps names of users in upper case. */
const nameOf = (given: EbsValue | undefined): string => String(given).toUpperCase()

const responsibilityKey = (given: EbsCall['arguments']): string =>
  [nameOf(given.username), given.resp_app, given.resp_key, given.security_group].join('|')

const roleKey = (given: EbsCall['arguments']): string =>
  [nameOf(given.p_user_name), given.p_role_name].join('|')

function responsibility(name: string, endDate: EbsValue, indirect: boolean) {
  const [application = '', key = '', securityGroup = ''] = name.split('|')
  return { application, key, securityGroup, endDate, indirect }
}

/** A column after an update: `null` leaves it as it is, `*NULL*` empties it. */
function updated(before: EbsValue, given: EbsValue | undefined): EbsValue {
  return given === NULL_CHAR ? null : (given ?? before)
}

/** The date in China, which is that of the database. */
function chinaToday(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
}
