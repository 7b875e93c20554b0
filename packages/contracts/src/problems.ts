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
  'clear-text-refused': problem(
    403,
    'Unencrypted connections are not allowed',
    '不允许未加密的连接',
    'Use https.',
  ),
  'not-found': problem(404, 'Not found', '未找到', 'Check the address and the id.'),
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
    'Check both; an initial password ends with the choice of an own one, and expires. Ask the security administrator for a new one.',
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
  // Identity: directory, accounts, provisioning
  'department-unknown': problem(
    422,
    'The department is not known in the unit',
    '该单位没有此部门',
    'Create the department first or use an existing code of the unit.',
  ),
  'position-unknown': problem(
    422,
    'The position is not known',
    '岗位不存在',
    'Create the position first or use an existing code.',
  ),
  'entry-in-use': problem(
    409,
    'Active people still belong to it',
    '仍有在职人员',
    'Move the people first, then make it inactive.',
  ),
  'employee-number-taken': problem(
    409,
    'The employee number is taken',
    '员工编号已存在',
    'Move or change the person who has it, or let a former employee rejoin.',
  ),
  'person-left': problem(409, 'The person has left', '人员已离职', 'Let the person rejoin first.'),
  'person-active': problem(
    409,
    'The person has not left',
    '人员在职',
    'Move or change the person instead.',
  ),
  'no-leave-noticed': problem(
    409,
    'There is no notice of leaving to take back',
    '没有可撤回的离职通知',
    'Read the person again.',
  ),
  'user-name-taken': problem(
    409,
    'The user name is taken or reserved',
    '用户名已被占用或保留',
    'Choose another user name.',
  ),
  'account-exists': problem(
    409,
    'The person already has an account',
    '该人员已有账号',
    'One person has one account; use the existing one.',
  ),
  'account-state': problem(
    409,
    'The account is not in a state for this',
    '账号当前状态不允许此操作',
    'Read the account and see its status.',
  ),
  'last-administrator': problem(
    409,
    'The last active administrator of a kind must stay',
    '须保留至少一名在用的同类管理员',
    'Create another administrator of this kind first.',
  ),
  'account-change-pending': problem(
    409,
    'The same change already waits for a decision',
    '相同变更正在等待审批',
    'Wait for the decision of the security administrator.',
  ),
  'account-change-decided': problem(
    409,
    'The change has been decided',
    '变更已审批',
    'Read the change; ask for a new one if it is still needed.',
  ),
  'import-refused': problem(
    422,
    'Nothing was imported because rows were refused',
    '存在被拒绝的行,未导入任何数据',
    'Correct the rows listed in `rows`, or import with mode=good-rows.',
  ),
  'import-unreadable': problem(
    422,
    'The list cannot be read',
    '导入文件无法解析',
    'Send UTF-8 with the documented columns and at most 5,000 rows.',
  ),
  'lease-lost': problem(
    409,
    'The lease is no longer yours',
    '任务租约已失效',
    'Lease again; somebody else may have done the task.',
  ),
  'read-back-differs': problem(
    409,
    'What was read back is not what was asked',
    '回读结果与要求不一致',
    'See `expected`; repair in EBS and lease the task again.',
  ),
  'task-state': problem(
    409,
    'The task is not in a state for this',
    '任务当前状态不允许此操作',
    'Read the task and see its status.',
  ),
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
  // Incidents: changes
  'change-not-found': problem(404, 'The change does not exist', '变更不存在', 'Check the id.'),
  'change-state': problem(
    409,
    'The change is not in a state for this',
    '变更当前状态不允许此操作',
    'Read the change: its state and the stage that is next.',
  ),
  'not-key-user': problem(
    403,
    'Only a key user of the unit and module may ask for this',
    '只有本单位该模块的关键用户可以申请',
    'Let a key user of the unit and module submit it.',
  ),
  'not-change-requester': problem(
    403,
    'Only the requester may do this',
    '只有申请人可以办理',
    'Let the person who asked for the change act.',
  ),
  'not-change-approver': problem(
    403,
    'You do not approve this stage',
    '无权审批此环节',
    'Unit: its business owner or the O&M authority. Company: the tier 2 key user of the module, else the O&M authority.',
  ),
  'not-change-executor': problem(
    403,
    'Only the named executor may do this',
    '只有指定的实施人可以办理',
    'Let the executor named in the change act.',
  ),
  'outside-change-window': problem(
    409,
    'Changes may not start now',
    '当前不在变更窗口内',
    'Start in the window named in `nextWindow`.',
  ),
  'emergency-papers-overdue': problem(
    409,
    'Papers of an earlier emergency change are overdue',
    '此前紧急变更的补单已逾期',
    'File the papers of the change named in `changeId` first.',
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
  // Backups and restores
  'person-required': problem(
    403,
    'A person must do this',
    '此操作须由本人办理',
    'Sign in with the account of a person; a client cannot answer for this.',
  ),
  'backup-site-not-found': problem(
    404,
    'The backup site does not exist',
    '备份存放地不存在',
    'Check the code.',
  ),
  'backup-site-exists': problem(
    409,
    'A backup site with this code exists',
    '备份存放地代码已存在',
    'Use the existing site or another code.',
  ),
  'backup-target-not-found': problem(
    404,
    'The backup target does not exist',
    '备份对象不存在',
    'Check the id.',
  ),
  'backup-target-exists': problem(
    409,
    'A backup target with this code exists',
    '备份对象代码已存在',
    'Use the existing target or another code.',
  ),
  'backup-target-state': problem(
    409,
    'The backup target is not in a state for this',
    '备份对象当前状态不允许此操作',
    'Activate the target and set its policy first.',
  ),
  'backup-policy-missing': problem(
    404,
    'The backup target has no policy',
    '备份对象尚无备份策略',
    'Set a policy first.',
  ),
  'backup-policy-refused': problem(
    422,
    'The backup policy is not usable',
    '备份策略不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'backup-run-not-found': problem(
    404,
    'The backup run does not exist',
    '备份任务不存在',
    'Check the id.',
  ),
  'run-in-progress': problem(
    409,
    'The target already has a run waiting or at work',
    '备份对象已有等待或执行中的任务',
    'See `runId`; wait for its end or cancel it.',
  ),
  'backup-run-state': problem(
    409,
    'The backup run is not in a state for this',
    '备份任务当前状态不允许此操作',
    'Read the run again.',
  ),
  'backup-copy-not-found': problem(
    404,
    'The copy does not exist',
    '备份副本不存在',
    'Check the id.',
  ),
  'backup-copy-state': problem(
    409,
    'The copy is not proven good',
    '备份副本未经验证或已损坏',
    'Choose a copy whose state is `good`.',
  ),
  'assignment-not-found': problem(
    404,
    'The assignment does not exist',
    '任务不存在',
    'Lease again.',
  ),
  'report-refused': problem(
    422,
    'The report does not fit the assignment',
    '上报结果与任务不符',
    'Report the outcome that belongs to the kind of the assignment.',
  ),
  'restore-plan-not-found': problem(
    404,
    'The restore plan does not exist',
    '恢复计划不存在',
    'Check the id.',
  ),
  'restore-plan-state': problem(
    409,
    'The restore plan is not in a state for this',
    '恢复计划当前状态不允许此操作',
    'Read the plan again.',
  ),
  'restore-plan-changed': problem(
    409,
    'This is not the plan as it is now',
    '恢复计划已变更',
    'Read the plan again and decide about its present `planDigest`.',
  ),
  'approval-expired': problem(
    409,
    'The approval is no longer valid',
    '审批已过期',
    'Have the plan approved again.',
  ),
  'not-planner': problem(
    403,
    'Only who drew up the plan may change it',
    '只有计划编制人可以修改',
    'Let the planner change it, or draw up a plan of your own.',
  ),
  // Monitoring
  'samples-refused': problem(
    400,
    'Some samples were refused',
    '部分样本被拒绝',
    'Samples not named in `errors` are kept. Do not send the refused ones again unchanged.',
  ),
  'source-not-found': problem(404, 'The source does not exist', '采集源不存在', 'Check the id.'),
  'source-disabled': problem(
    409,
    'The source is disabled',
    '采集源已停用',
    'Register a new source.',
  ),
  'source-exists': problem(
    409,
    'The unit already has a source of this name',
    '该单位已有同名采集源',
    'Use the existing source or another name.',
  ),
  'matcher-unusable': problem(
    422,
    'A label matcher is not usable',
    '标签匹配条件无效',
    'Write matchers as name="value" or name!="value".',
  ),
  'range-too-wide': problem(
    422,
    'The answer would be too large',
    '查询范围过大',
    'Ask for a shorter time, a longer step or fewer series.',
  ),
  'threshold-not-found': problem(
    404,
    'The threshold does not exist',
    '阈值不存在',
    'Check the id.',
  ),
  'threshold-refused': problem(
    422,
    'The threshold is not usable',
    '阈值不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'threshold-exists': problem(
    409,
    'The unit already has a threshold of this name',
    '该单位已有同名阈值',
    'Change the existing threshold or use another name.',
  ),
  'threshold-withdrawn': problem(
    409,
    'The threshold is withdrawn',
    '阈值已撤销',
    'Create a new threshold.',
  ),
  'alert-not-found': problem(
    404,
    'The alert episode does not exist',
    '告警不存在',
    'Check the id.',
  ),
  'inspection-not-found': problem(
    404,
    'The inspection round or item does not exist',
    '巡检单或巡检项不存在',
    'Check the id and the code of the item.',
  ),
  'inspection-exists': problem(
    409,
    'The unit already has a round for this day',
    '该单位当日已有巡检单',
    'Use the existing round.',
  ),
  'inspection-signed': problem(
    409,
    'The round is signed',
    '巡检单已签字',
    'A signed round is not changed; record the matter in the next round.',
  ),
  'inspection-incomplete': problem(
    409,
    'Items of the round still need a verdict or a note',
    '巡检单尚有未完成的项目',
    'Complete the items listed in `items`.',
  ),
  'inspection-verdict': problem(
    409,
    'The verdict contradicts what is on record',
    '结论与已有记录矛盾',
    'Record the item as abnormal, with a note.',
  ),
  'inspection-note-required': problem(
    422,
    'An abnormal item needs a note',
    '异常项必须填写说明',
    'Say what was found and what is done about it.',
  ),
  'inspection-value-required': problem(
    422,
    'The item needs a value',
    '巡检项必须填写结果',
    'Enter what was seen; there is no measured value.',
  ),
  'inspection-date': problem(
    422,
    'A round cannot be drawn up for this day',
    '不能为该日期生成巡检单',
    'Choose a day of the last seven or tomorrow.',
  ),
  'not-inspector': problem(
    403,
    'Only the inspector or the deputy may sign',
    '只有巡检人或副岗可以签字',
    'Let the inspector or the deputy of the round sign.',
  ),
} as const satisfies Record<string, ProblemDefinition>

export type ProblemCode = keyof typeof problems
