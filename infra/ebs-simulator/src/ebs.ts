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
}

/** Everything that an EBS remembers, as JSON keeps it. */
export interface EbsMemory {
  readonly users: Readonly<Record<string, EbsUser>>
  /** End dates of responsibilities and roles by user and name; `null` while they last. */
  readonly responsibilities: Readonly<Record<string, EbsValue>>
  readonly roles: Readonly<Record<string, EbsValue>>
}

/** What EBS answers to a call that it does not take. */
export class EbsRefusal extends Error {
  override readonly name = 'EbsRefusal'
  readonly code = 'ORA-20001'
}

/** What FND_USER_PKG takes for "make it empty", because null means "leave as is". Source: EBS conventions 4.1. */
const NULL_CHAR = '*NULL*'

/** An E-Business Suite as far as users, responsibilities and roles go: calls change it, and what they did can be read back. */
export class EbsSimulator {
  readonly users = new Map<string, EbsUser>()
  readonly #responsibilities = new Map<string, EbsValue>()
  readonly #roles = new Map<string, EbsValue>()
  /** How often each user was created: EBS refuses a second time, so more than one is a fault of the caller. */
  readonly creations = new Map<string, number>()

  constructor(memory: EbsMemory = { users: {}, responsibilities: {}, roles: {} }) {
    for (const [name, user] of Object.entries(memory.users)) this.users.set(name, { ...user })
    for (const [key, endDate] of Object.entries(memory.responsibilities))
      this.#responsibilities.set(key, endDate)
    for (const [key, endDate] of Object.entries(memory.roles)) this.#roles.set(key, endDate)
  }

  get memory(): EbsMemory {
    return {
      users: Object.fromEntries(this.users),
      responsibilities: Object.fromEntries(this.#responsibilities),
      roles: Object.fromEntries(this.#roles),
    }
  }

  /**
   * Runs a call as EBS would and reads the state back.
   *
   * @throws EbsRefusal for a user or a procedure that this EBS does not have
   */
  call({ procedure, arguments: given }: EbsCall): EbsState {
    switch (procedure) {
      case 'FND_USER_PKG.CreateUser': {
        const name = String(given.x_user_name)
        if (!this.users.has(name)) this.creations.set(name, (this.creations.get(name) ?? 0) + 1)
        this.users.set(name, {
          startDate: given.x_start_date ?? null,
          endDate: given.x_end_date ?? null,
          description: given.x_description ?? null,
          emailAddress: given.x_email_address ?? null,
        })
        return this.#user(name)
      }
      case 'FND_USER_PKG.UpdateUser': {
        const name = String(given.x_user_name)
        const user = this.#known(name)
        user.endDate = updated(user.endDate, given.x_end_date)
        user.description = updated(user.description, given.x_description)
        user.emailAddress = updated(user.emailAddress, given.x_email_address)
        return this.#user(name)
      }
      case 'FND_USER_PKG.EnableUser': {
        const name = String(given.username)
        this.#known(name).endDate = given.end_date ?? null
        return this.#user(name)
      }
      case 'FND_USER_PKG.AddResp':
        return this.#responsibility(given, null)
      case 'FND_USER_PKG.DelResp':
        return this.#responsibility(given, chinaToday())
      case 'WF_LOCAL_SYNCH.PropagateUserRole':
        return this.#role(given)
      default:
        throw new EbsRefusal(`This EBS knows no ${procedure}.`)
    }
  }

  #known(name: string): EbsUser {
    const user = this.users.get(name)
    if (user === undefined) throw new EbsRefusal(`EBS has no user ${name}.`)
    return user
  }

  #user(name: string): EbsState {
    return { userName: name, ...this.#known(name) }
  }

  #responsibility(given: EbsCall['arguments'], endDate: EbsValue): EbsState {
    const userName = String(given.username)
    this.#known(userName)
    const key = [userName, given.resp_app, given.resp_key, given.security_group].join('|')
    // What has an end keeps it: its date is the evidence.
    if (endDate === null || this.#responsibilities.get(key) === null)
      this.#responsibilities.set(key, endDate)
    return {
      userName,
      application: given.resp_app ?? null,
      responsibilityKey: given.resp_key ?? null,
      securityGroup: given.security_group ?? null,
      endDate: this.#responsibilities.get(key) ?? null,
    }
  }

  #role(given: EbsCall['arguments']): EbsState {
    const userName = String(given.p_user_name)
    this.#known(userName)
    const key = [userName, given.p_role_name].join('|')
    this.#roles.set(key, given.p_expiration_date ?? null)
    return {
      userName,
      roleName: given.p_role_name ?? null,
      endDate: this.#roles.get(key) ?? null,
    }
  }
}

/** A column after an update: `null` leaves it as it is, `*NULL*` empties it. */
function updated(before: EbsValue, given: EbsValue | undefined): EbsValue {
  return given === NULL_CHAR ? null : (given ?? before)
}

/** The date in China, which is that of the database. */
function chinaToday(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
}
