import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of identity: sign-in, clients, directory, accounts, imports and provisioning. */
export const identityProblems = {
  'person-twin': problem(
    409,
    said(
      'Another active person has the same address, or the same name and birthday',
      '另一名在职人员使用同一邮箱，或姓名与出生日期相同',
    ),
    said(
      'Use the person named in `twinId`, or have the address admitted as shared, or the namesake, by an account change.',
      '请使用 `twinId` 所指的人员；或通过账号变更申请，将该邮箱核准为共用邮箱，或将该人员核准为重名人员。',
    ),
    ['twinId'],
  ),
  'administrator-has-business-role': problem(
    409,
    said('An administrator may hold no business role', '管理员不得兼任业务角色'),
    said(
      'Name a person without account and in a position without rights, or another position.',
      '请指定没有账号且所在岗位不带权限的人员，或改用其他岗位。',
    ),
  ),
  'administrator-named': problem(
    409,
    said('The administrator account belongs to a person already', '该管理员账号已归属某人'),
    said(
      'Create another administrator account for the other person.',
      '请为另一人另建管理员账号。',
    ),
  ),
  'administrator-unnamed': problem(
    409,
    said(
      'An administrator account with a hand in this belongs to nobody yet',
      '经办的管理员账号尚未确定所属人员',
    ),
    said(
      'Say whose account it is: take the person in, then let two of the three administrators ask for and decide an account change of kind name-administrator; nobody decides about the own account.',
      '请先明确该账号归属何人：为其办理入职，再由三员中的两名管理员分别提出和审批 name-administrator 类型的账号变更；任何人不得审批涉及本人账号的变更。',
    ),
  ),
  'webhook-ended': problem(
    409,
    said('Nothing is sent to this receiver', '该接收地址不接收事件'),
    said(
      'Register another, or make a secret for one that has none yet.',
      '请另行登记；尚无密钥的，请先生成密钥。',
    ),
  ),
  'audit-signed': problem(
    409,
    said('The report of the audit is signed', '审计报告已签署'),
    said(
      'Nothing of it changes any more; ask for another audit of the same time.',
      '签署后内容不再变更；如有需要，请对同一时间段另行发起审计。',
    ),
  ),
  'audit-unfinished': problem(
    409,
    said('The audit cannot be signed yet', '审计尚不能签署'),
    said(
      'Judge every fact that was drawn, and have the ledger verified after the audit was opened.',
      '请判定全部样本，并在审计开始之后核验一次账本。',
    ),
  ),
  'audit-conclusion-unfit': problem(
    409,
    said('The conclusion is not what the audit found', '审计结论与审计发现不符'),
    said(
      'Conclude `anomalies`, or have the ledger verified again when a witness did not answer.',
      '请以 `anomalies` 为结论；如因见证者无应答，可再次核验账本。',
    ),
  ),
  'audit-item-unknown': problem(
    422,
    said('The record is none of this audit that you judge', '该记录不是本审计中由您判定的样本'),
    said(
      'List the items of the audit: those of audit administrators are for the security administrator or another of them.',
      '请查看该审计的样本列表：审计管理员本人的操作由安全管理员或其他审计管理员判定。',
    ),
  ),
  'audit-anomaly-stays': problem(
    409,
    said('An anomaly stays one', '已判定的异常不可撤销'),
    said(
      'Say in its note and in the summary how it was explained.',
      '请在说明与总结中写明其解释。',
    ),
  ),
  'audit-empty': problem(
    422,
    said('Nothing was recorded in this time', '该时间段内没有任何记录'),
    said('Choose another time.', '请改选其他时间段。'),
  ),
  'grant-ended': problem(
    409,
    said('The grant has ended', '该授权已终止'),
    said('Nothing to do: read the grant for when and why.', '无需处理：终止时间与原因见该授权。'),
  ),
  'access-request-state': problem(
    409,
    said('The request is not in a state for this', '该申请的状态不允许此操作'),
    said(
      'Read the request; ask anew if it is still needed.',
      '请查看该申请；如仍有需要，请重新申请。',
    ),
  ),
  'access-request-changed': problem(
    409,
    said('The request was changed since you read it', '该申请在您查看之后已被修改'),
    said(
      'Read it again, and send its `digest` if you approve what it is now.',
      '请重新查看；如同意现在的内容，请发送其 `digest`。',
    ),
  ),
  'access-review-open': problem(
    409,
    said('A review of this kind is open', '该类型的权限复核尚未结束'),
    said(
      'Decide what is open in it; the next one opens after it has closed.',
      '请先完成其中的待决条目；结束后方可开始下一次复核。',
    ),
  ),
  'nothing-to-review': problem(
    409,
    said('Nothing of this kind is in force', '没有该类型的有效授权'),
    said('Nothing to do.', '无需处理。'),
  ),
  'access-review-state': problem(
    409,
    said('The review is not in a state for this', '该权限复核的状态不允许此操作'),
    said(
      'Read the review: once it is closed its decisions stay, and only then it is exported. What it revoked is asked for anew.',
      '请查看该权限复核：结束后结论不再变更，且结束后方可导出；被收回的权限须重新申请。',
    ),
  ),
  'access-review-decided': problem(
    409,
    said('An item is decided already', '条目已有结论'),
    said(
      'Leave the item out; a certified grant is ended by itself if need be.',
      '请去掉该条目；已确认的授权如需收回，请单独终止。',
    ),
  ),
  'reviewer-unfit': problem(
    422,
    said('This person could not decide', '该人员不具备复核条件'),
    said(
      'Name somebody with an account in use and a role that reviews.',
      '请指定持有在用账号且具备复核角色的人员。',
    ),
  ),
  'sod-violation': problem(
    409,
    said('Somebody would hold incompatible duties', '将有人持有不相容的职责'),
    said(
      'Give less, or have an exception with an end granted for each of `violations`.',
      '请减少授权，或为 `violations` 中的每一项申请有截止日期的例外。',
    ),
    ['violations'],
  ),
  'sod-rules-inconsistent': problem(
    422,
    said('The rules of incompatible duties contradict themselves', '不相容职责规则自相矛盾'),
    said(
      'Correct what `errors` names: each duty and pair once, and none that is not there.',
      '请更正 `errors` 所列之处：职责与职责对各出现一次，且不得引用不存在的职责。',
    ),
    ['errors'],
  ),
  'sod-pair-unknown': problem(
    422,
    said('No rule forbids this pair of duties', '没有规则禁止这对职责'),
    said('Name a pair of the rules in force.', '请指明现行规则中的一对职责。'),
  ),
  'rights-not-waiting': problem(
    409,
    said('No rights of this person wait for an approval', '该人员没有待审批的权限'),
    said(
      'Read the account: its rights are in force, or it is not active.',
      '请查看该账号：其权限已生效，或账号未处于启用状态。',
    ),
  ),
  'account-case-open': problem(
    409,
    said('A case of theft or lending is open about the account', '该账号有未结的盗用或转借事项'),
    said(
      'Decide the case first; only then the account may be used again.',
      '请先对该事项作出决定，之后账号方可恢复使用。',
    ),
  ),
  'account-case-decided': problem(
    409,
    said('The case is decided', '该事项已作出决定'),
    said('Nothing to do: read the case.', '无需处理：请查看该事项。'),
  ),
  'half-not-for-role': problem(
    403,
    said('This part of the secret is not for your role', '该角色不得领取这一半密钥'),
    said(
      'Let somebody of another role have it: the halves go to two people of two roles.',
      '请由其他角色的人员领取：两半须分别交给两个角色的两个人。',
    ),
  ),
  'first-half-missing': problem(
    409,
    said('No first half is waiting', '没有待配对的前一半'),
    said(
      'Have the first half issued, then the second before it expires.',
      '请先签发前一半，并在其失效前签发后一半。',
    ),
  ),
  'account-not-cooling': problem(
    409,
    said('No cooling time runs', '账号不在冷却期内'),
    said('Nothing to confirm: the account may approve already.', '无需确认：该账号已可审批。'),
  ),
  'sign-in-refused': problem(
    401,
    said('User name or password is not valid', '用户名或密码无效'),
    said(
      'Check both; an initial password ends with the choice of an own one, and expires. Ask the security administrator for a new one.',
      '请核对用户名和密码；初始密码在本人设置新密码后失效，逾期也会失效。如需新的初始密码，请联系安全管理员。',
    ),
  ),
  'sign-in-locked': problem(
    423,
    said('Signing in is locked after failed attempts', '登录失败次数过多，已锁定'),
    said(
      'Wait for the seconds in Retry-After; without that header the security administrator must unlock.',
      '请等待 Retry-After 给出的秒数；没有该响应头时，须由安全管理员解锁。',
    ),
  ),
  'session-limit': problem(
    409,
    said('As many sessions of the account are open as are allowed', '该账号的会话数已达到上限'),
    said(
      'Sign out where you are signed in, or wait until that session is idle; the security administrator can end it.',
      '请在已登录处退出，或等待该会话闲置结束；安全管理员也可结束该会话。',
    ),
  ),
  'second-factor-needed': problem(
    401,
    said('A second factor is needed', '需要第二验证因素'),
    said(
      'Send the request again with `code`: six digits of the authenticator app, or a recovery code.',
      '请带上 `code` 再次发送请求：身份验证器应用的六位数字，或一个恢复码。',
    ),
  ),
  'second-factor-refused': problem(
    401,
    said('The code is not valid', '验证码无效'),
    said(
      'Each code is good once, for about a minute: wait for the next. If the app is lost, send a recovery code.',
      '每个验证码只能使用一次，有效约一分钟：请等待下一个。如应用已丢失，请发送恢复码。',
    ),
  ),
  'second-factor-locked': problem(
    423,
    said('Codes are locked after wrong ones', '验证码错误次数过多，已锁定'),
    said(
      'Wait for the seconds in Retry-After; without that header the security administrator must unlock. Recovery codes are counted apart.',
      '请等待 Retry-After 给出的秒数；没有该响应头时，须由安全管理员解锁。恢复码另行计数。',
    ),
  ),
  'second-factor-state': problem(
    409,
    said('The second factor is not in the state for this', '第二验证因素的状态不允许此操作'),
    said(
      'Read `readOwnSecondFactor`: begin before you confirm; what is required can be replaced but not removed.',
      '请先查看 `readOwnSecondFactor`：先开始设置，再确认；必须使用的第二验证因素只能更换，不能移除。',
    ),
  ),
  'refresh-refused': problem(
    401,
    said('The refresh token is not valid', '刷新令牌无效'),
    said('Sign in again.', '请重新登录。'),
  ),
  'password-refused': problem(
    422,
    said('The new password does not meet the rules', '新密码不符合规则'),
    said(
      'Choose a password that meets the rules listed in `errors`.',
      '请按 `errors` 中列出的规则重新设置密码。',
    ),
    ['errors'],
  ),
  'password-changed-meanwhile': problem(
    409,
    said('The password was changed at the same moment', '密码已被同时修改'),
    said('Sign in again with the password in force.', '请用当前有效的密码重新登录。'),
  ),
  'password-in-directory': problem(
    409,
    said('The password is kept in the company directory', '密码由公司目录服务保存'),
    said(
      'Change it there, as for other programs of the company.',
      '请在公司目录服务中更改，与公司其他系统相同。',
    ),
  ),
  'client-refused': problem(
    401,
    said('The client credentials are not valid', '客户端凭据无效'),
    said(
      'Check client_id and client_secret, or the key and the claims of the assertion; a client needs the approval of the security administrator.',
      '请核对 client_id 和 client_secret，或断言的密钥与声明；客户端须经安全管理员批准。',
    ),
  ),
  'grant-refused': problem(
    400,
    said('What was presented is not good, or no longer', '提交的凭据无效或已失效'),
    said('Sign in again.', '请重新登录。'),
  ),
  'grant-forbidden': problem(
    400,
    said('The client may not do this', '该客户端不得进行此操作'),
    said('Use the client that it was issued to.', '请使用原先获得该令牌的客户端。'),
  ),
  'grant-unsupported': problem(
    400,
    said('There is no such grant', '不支持的授权类型'),
    said(
      'Use one of `grant_types_supported` of /.well-known/oauth-authorization-server.',
      '请使用 /.well-known/oauth-authorization-server 中 `grant_types_supported` 列出的类型。',
    ),
  ),
  'scope-refused': problem(
    400,
    said('The scope cannot be granted', '无法授予所请求的范围'),
    said(
      'Ask for permissions that the role holds, or leave `scope` away.',
      '请只请求该角色拥有的权限，或不填写 `scope`。',
    ),
  ),
  'redirect-refused': problem(
    422,
    said('The addresses of the front end cannot be used', '前端的回调地址不可用'),
    said(
      'Send absolute https addresses, or http on 127.0.0.1, without user and fragment; for a front end and for no other machine.',
      '请提交绝对的 https 地址，或 127.0.0.1 上的 http 地址，不含用户名和片段；仅前端可登记。',
    ),
  ),
  'client-key-unknown': problem(
    404,
    said('The client has no such key', '该客户端没有此公钥'),
    said('Read the keys of the client.', '请查看该客户端的公钥列表。'),
  ),
  'client-key-refused': problem(
    422,
    said('The key cannot be used', '该公钥不可用'),
    said(
      'Send a public key as JWK: EC P-256 or P-384, Ed25519, or RSA of 2048 bits and more.',
      '请以 JWK 提交公钥：EC P-256 或 P-384、Ed25519，或不少于 2048 位的 RSA。',
    ),
  ),
  'api-key-unknown': problem(
    404,
    said('There is no such API key in force', '没有此有效 API 密钥'),
    said('List the API keys of the client.', '请查看该客户端的 API 密钥列表。'),
  ),
  'api-key-refused': problem(
    422,
    said('The API key cannot be made', '无法创建该 API 密钥'),
    said(
      'Ask for permissions that the role of the client holds; end keys that nobody uses.',
      '请只请求该客户端角色拥有的权限，并停用不再使用的密钥。',
    ),
  ),
  'client-unknown': problem(
    404,
    said('The client does not exist', '客户端不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'client-exists': problem(
    409,
    said('A client has this name already', '客户端名称已存在'),
    said('Use another name.', '请使用其他名称。'),
  ),
  'client-state': problem(
    409,
    said('The client is not in a state for this', '客户端当前状态不允许此操作'),
    said('Read the client and see its status.', '请查看该客户端的当前状态。'),
  ),
  'account-unknown': problem(
    404,
    said('The account does not exist', '账号不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'department-unknown': problem(
    422,
    said('The department is not known in the unit', '该单位没有此部门'),
    said(
      'Create the department first or use an existing code of the unit.',
      '请先创建该部门，或使用该单位已有的部门代码。',
    ),
  ),
  'position-unknown': problem(
    422,
    said('The position is not known', '岗位不存在'),
    said(
      'Create the position first or use an existing code.',
      '请先创建该岗位，或使用已有的岗位代码。',
    ),
  ),
  'entry-in-use': problem(
    409,
    said('Active people still belong to it', '仍有在职人员'),
    said('Move the people first, then make it inactive.', '请先将相关人员调出，再停用。'),
  ),
  'employee-number-taken': problem(
    409,
    said('The employee number is taken', '员工编号已存在'),
    said(
      'Move or change the person who has it, or let a former employee rejoin.',
      '请对已使用该编号的人员办理调动或信息变更；如为离职人员，请办理重新入职。',
    ),
  ),
  'person-left': problem(
    409,
    said('The person has left', '人员已离职'),
    said('Let the person rejoin first.', '请先为该人员办理重新入职。'),
  ),
  'person-active': problem(
    409,
    said('The person has not left', '人员在职'),
    said('Move or change the person instead.', '请改为对该人员办理调动或信息变更。'),
  ),
  'plan-state': problem(
    409,
    said('The plan is not in a state for this', '该计划的状态不允许此操作'),
    said(
      'Read the plan, or the other plan of that day: withdraw it first, or plan anew.',
      '请查看该计划，或该人员同日的另一计划：先撤回，或重新制定计划。',
    ),
  ),
  'no-leave-noticed': problem(
    409,
    said('There is no notice of leaving to take back', '没有可撤回的离职通知'),
    said('Read the person again.', '请重新读取该人员的信息。'),
  ),
  'user-name-taken': problem(
    409,
    said('The user name is taken or reserved', '用户名已被占用或保留'),
    said('Choose another user name.', '请选用其他用户名。'),
  ),
  'account-exists': problem(
    409,
    said('The person already has an account', '该人员已有账号'),
    said(
      'One person has one account; use the existing one.',
      '一人只能有一个账号，请使用已有账号。',
    ),
  ),
  'account-state': problem(
    409,
    said('The account is not in a state for this', '账号当前状态不允许此操作'),
    said('Read the account and see its status.', '请查看该账号的当前状态。'),
  ),
  'last-administrator': problem(
    409,
    said('The last active administrator of a kind must stay', '须保留至少一名在用的同类管理员'),
    said('Create another administrator of this kind first.', '请先再建一名同类管理员。'),
  ),
  'account-change-pending': problem(
    409,
    said('The same change already waits for a decision', '相同变更正在等待审批'),
    said('Wait for the decision of the security administrator.', '请等待安全管理员审批。'),
  ),
  'account-change-decided': problem(
    409,
    said('The change has been decided', '变更已审批'),
    said(
      'Read the change; ask for a new one if it is still needed.',
      '请查看该变更；如仍有需要，请重新申请。',
    ),
  ),
  'import-refused': problem(
    422,
    said('Nothing was imported because rows were refused', '存在被拒绝的行，未导入任何数据'),
    said(
      'Correct the rows listed in `rows`, or import with mode=good-rows.',
      '请更正 `rows` 中列出的行，或以 mode=good-rows 导入。',
    ),
    ['counts', 'rows'],
  ),
  'import-unreadable': problem(
    422,
    said('The list cannot be read', '导入文件无法解析'),
    said(
      'Send the documented columns in a documented format and encoding, and at most 100,000 rows.',
      '请按文档规定的列、格式和编码提交，且不超过 100,000 行。',
    ),
  ),
  'lease-lost': problem(
    409,
    said('The lease is no longer yours', '任务租约已失效'),
    said(
      'Lease again; somebody else may have done the task.',
      '请重新领取任务；该任务可能已由他人完成。',
    ),
  ),
  'read-back-differs': problem(
    409,
    said('What was read back is not what was asked', '回读结果与要求不一致'),
    said(
      'See `expected`; repair in EBS and lease the task again.',
      '请对照 `expected`，在 EBS 中修正后重新领取该任务。',
    ),
    ['expected', 'readBack', 'taskStatus'],
  ),
  'task-state': problem(
    409,
    said('The task is not in a state for this', '任务当前状态不允许此操作'),
    said('Read the task and see its status.', '请查看该任务的当前状态。'),
  ),
  'finding-state': problem(
    409,
    said('The difference is not one for this decision', '该差异不适用此项处理'),
    said(
      'Read it and see its kind and state; docs/guides/ebs.md says which decisions fit.',
      '请查看其类型与状态；各类差异可用的处理方式见 docs/guides/ebs.zh-CN.md。',
    ),
  ),
  'upload-state': problem(
    409,
    said('The upload is not in a state for this', '该上传当前状态不允许此操作'),
    said(
      'Read the upload; open another one where it was given up or compared already.',
      '请查看该上传的状态；已放弃或已比对的，请另开一次上传。',
    ),
  ),
  'upload-incomplete': problem(
    409,
    said('Parts of the upload are missing', '上传内容不完整'),
    said(
      'Send the parts again that did not arrive, then complete it with the right numbers.',
      '请补传缺少的部分，再以正确的数量完成上传。',
    ),
  ),
  'upload-unreadable': problem(
    422,
    said('A part of the upload cannot be read', '上传的部分无法解析'),
    said(
      'Correct the lines listed in `errors` and send the part again.',
      '请更正 `errors` 中列出的行，并重新上传该部分。',
    ),
    ['errors'],
  ),
} as const satisfies Record<string, ProblemDefinition>
