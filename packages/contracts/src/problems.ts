/** What a problem code means; `status` is the HTTP status it is always sent with. */
export interface ProblemDefinition {
  readonly status: number
  readonly title: { readonly en: string; readonly 'zh-CN': string }
  /** What the caller does about it. */
  readonly remedy: string
}

const problem = (status: number, en: string, zh: string, remedy: string): ProblemDefinition => ({
  status,
  title: { en, 'zh-CN': zh },
  remedy,
})

/**
 * The closed list of problem codes. A code never changes its meaning; `docs/problems.md` is written from here.
 *
 * The `type` of a problem document is `/problems/<code>` (RFC 9457).
 */
export const problems = {
  // Requests
  'malformed-request': problem(
    400,
    'The request cannot be read',
    '请求无法解析',
    'Send well-formed JSON, a known content type and readable parameters.',
  ),
  'idempotency-key-missing': problem(
    400,
    'An Idempotency-Key is required',
    '缺少 Idempotency-Key',
    'Repeat the request with a new Idempotency-Key header of 1 to 255 characters.',
  ),
  'cursor-unusable': problem(
    400,
    'The page cursor is not usable',
    '分页游标无效',
    'Start again from the first page.',
  ),
  'validation-failed': problem(
    422,
    'The request does not match its schema',
    '请求内容不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'idempotency-key-reused': problem(
    422,
    'The Idempotency-Key was used for another request',
    'Idempotency-Key 已用于其他请求',
    'Use a new key for a new request.',
  ),
  'body-too-large': problem(
    413,
    'The body is too large',
    '请求体过大',
    'Send less, or in several requests.',
  ),
  'media-type-unsupported': problem(
    415,
    'The content type is not supported',
    '不支持的内容类型',
    'Use the content type that the operation documents.',
  ),
  'precondition-required': problem(
    428,
    'An If-Match header is required',
    '缺少 If-Match',
    'Read the resource and repeat the change with its ETag in If-Match.',
  ),
  'version-stale': problem(
    412,
    'The resource has changed since you read it',
    '资源已被他人修改',
    'Read it again and decide anew.',
  ),
  // Access
  unauthenticated: problem(
    401,
    'A valid token is required',
    '需要有效令牌',
    'Sign in or fetch a new token.',
  ),
  'token-revoked': problem(
    401,
    'The token has been revoked',
    '令牌已被撤销',
    'Sign in again if the account may still be used.',
  ),
  'permission-missing': problem(
    403,
    'The permission is missing',
    '没有权限',
    'Ask the security administrator for the role that holds the permission.',
  ),
  'outside-unit': problem(
    403,
    'The unit is outside your range',
    '超出所属单位范围',
    'Ask somebody of that unit or of the company level.',
  ),
  'network-refused': problem(
    403,
    'The network is not allowed',
    '网络地址不在允许范围',
    'Call from a listed network.',
  ),
  'not-found': problem(404, 'Not found', '未找到', 'Check the address and the id.'),
  'method-not-allowed': problem(
    405,
    'The method is not allowed here',
    '不允许的请求方法',
    'Use a method that the operation documents.',
  ),
  'quota-exceeded': problem(
    429,
    'Too many requests',
    '请求过于频繁',
    'Wait for the seconds in Retry-After.',
  ),
  // Our side
  'internal-error': problem(
    500,
    'Something went wrong on our side',
    '服务内部错误',
    'Repeat later; quote `instance` when you report it.',
  ),
  'upstream-failed': problem(
    502,
    'The service behind the gateway failed',
    '后端服务出错',
    'Repeat later; a keyed or conditional request may be repeated safely.',
  ),
  unavailable: problem(
    503,
    'The service is not available',
    '服务暂不可用',
    'Repeat after the seconds in Retry-After.',
  ),
  'upstream-timeout': problem(
    504,
    'The service behind the gateway did not answer in time',
    '后端服务超时',
    'Repeat later; a keyed or conditional request may be repeated safely.',
  ),
  // Shared concepts
  'unit-unknown': problem(
    422,
    'The unit is not known',
    '单位不存在',
    'Create the unit first or use an existing code.',
  ),
  'module-unknown': problem(
    422,
    'The module is not known',
    '模块不存在',
    'Create the module first or use an existing code.',
  ),
  'person-unknown': problem(
    422,
    'The person is not known or has left',
    '人员不存在或已离职',
    'Use a person of the directory who is active.',
  ),
  'clause-unknown': problem(
    422,
    'The clause is not known',
    '条款不存在',
    'Use an id of the clause catalogue.',
  ),
  'parameter-unknown': problem(
    404,
    'The parameter is not known',
    '参数不存在',
    'Use a key of the parameter list.',
  ),
  'parameter-refused': problem(
    422,
    'The value does not fit the parameter',
    '参数取值不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'dead-letter-not-parked': problem(
    409,
    'The dead letter is no longer parked',
    '死信已处理',
    'Read the list again.',
  ),
  'same-person': problem(
    409,
    'The same person may not do both',
    '不得由同一人办理',
    'Let another authorised person do it.',
  ),
  // Identity: credentials, sessions, clients
  'sign-in-refused': problem(
    401,
    'User name or password is not valid',
    '用户名或密码无效',
    'Check both; an initial password works once and expires. Ask the security administrator for a new one.',
  ),
  'sign-in-locked': problem(
    423,
    'Signing in is locked after failed attempts',
    '登录失败次数过多,已锁定',
    'Wait for the seconds in Retry-After; without that header the security administrator must unlock.',
  ),
  'refresh-refused': problem(
    401,
    'The refresh token is not valid',
    '刷新令牌无效',
    'Sign in again.',
  ),
  'password-refused': problem(
    422,
    'The new password does not meet the rules',
    '新密码不符合规则',
    'Choose a password that meets the rules listed in `errors`.',
  ),
  'password-changed-meanwhile': problem(
    409,
    'The password was changed at the same moment',
    '密码已被同时修改',
    'Sign in again with the password in force.',
  ),
  'client-refused': problem(
    401,
    'The client credentials are not valid',
    '客户端凭据无效',
    'Check client_id and client_secret; a client needs the approval of the security administrator.',
  ),
  'client-unknown': problem(404, 'The client does not exist', '客户端不存在', 'Check the id.'),
  'client-exists': problem(
    409,
    'A client has this name already',
    '客户端名称已存在',
    'Use another name.',
  ),
  'client-state': problem(
    409,
    'The client is not in a state for this',
    '客户端当前状态不允许此操作',
    'Read the client and see its status.',
  ),
  'account-unknown': problem(404, 'The account does not exist', '账号不存在', 'Check the id.'),
  // Incident
  'ticket-not-found': problem(404, 'The ticket does not exist', '工单不存在', 'Check the id.'),
  'ticket-state': problem(
    409,
    'The ticket is not in a state for this',
    '工单当前状态不允许此操作',
    'Read the ticket and see its state.',
  ),
  'not-ticket-owner': problem(
    403,
    'Only the owner of the ticket may do this',
    '只有当前处理人可以办理',
    'Let the owner act, or wait for the timer.',
  ),
  'not-ticket-reporter': problem(
    403,
    'Only the reporter may confirm',
    '只有报告人可以确认',
    'Let the reporter confirm.',
  ),
  'not-on-tier': problem(
    403,
    'You do not serve the tier that holds the ticket',
    '不属于当前支持层级',
    'Let a key user of the tier act.',
  ),
  'tier-exhausted': problem(
    409,
    'There is no further tier',
    '没有更高支持层级',
    'Tier 3 keeps the ticket.',
  ),
  'key-user-exists': problem(
    409,
    'The person already holds this key-user duty',
    '该人员已是此模块关键用户',
    'Nothing to do.',
  ),
  'last-key-user': problem(
    409,
    'The last key user cannot be removed without a successor',
    '必须先指定接任的关键用户',
    'Nominate a successor first.',
  ),
  'calendar-refused': problem(
    422,
    'The calendar is not usable',
    '工作日历不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'calendar-year-missing': problem(
    409,
    'The work calendar has no data for that year',
    '工作日历缺少该年度数据',
    'Install the calendar data of that year.',
  ),
  'webhook-refused': problem(
    422,
    'The webhook address is not allowed',
    '回调地址不允许',
    'Use an address of a listed outbound target.',
  ),
} as const satisfies Record<string, ProblemDefinition>

export type ProblemCode = keyof typeof problems
