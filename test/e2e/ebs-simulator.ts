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

/** An E-Business Suite as far as users and responsibilities go: calls change it, and what they did can be read back. */
export class EbsSimulator {
  readonly users = new Map<string, EbsUser>()
  readonly #responsibilities = new Map<string, EbsValue>()
  /** How often each user was created: EBS refuses a second time, so more than one is a fault of the caller. */
  readonly creations = new Map<string, number>()

  /** Runs a call as FND_USER_PKG would and reads the state back. */
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
        // In EBS a null argument means "leave as it is".
        user.endDate = given.x_end_date ?? user.endDate
        user.description = given.x_description ?? user.description
        user.emailAddress = given.x_email_address ?? user.emailAddress
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
        return this.#responsibility(
          given,
          new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10),
        )
      default:
        throw new Error(`this EBS knows no ${procedure}`)
    }
  }

  #known(name: string): EbsUser {
    const user = this.users.get(name)
    if (user === undefined) throw new Error(`EBS has no user ${name}`)
    return user
  }

  #user(name: string): EbsState {
    return { userName: name, ...this.#known(name) }
  }

  #responsibility(given: EbsCall['arguments'], endDate: EbsValue): EbsState {
    const userName = String(given.username)
    this.#known(userName)
    const key = [userName, given.resp_app, given.resp_key, given.security_group].join('|')
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
}
