/** What stands on top of the docs page, in Markdown: how to get a token, and the way from a first start to a first person. */
export const HOW_TO_BEGIN = `Every operation of the product, as the gateway offers it. 中文见下。

**How to get a token.** A person sends user name and password to \`POST /v1/sessions\`, a program its client id and secret
to \`POST /v1/tokens\`; the answer holds the token (\`accessToken\`, for programs \`access_token\`). Whose first answer says
\`mustChangePassword: true\` chooses a password of its own with \`PUT /v1/accounts/me/password\` and then exchanges the
\`refreshToken\` at \`POST /v1/tokens/refresh\`. Whose answer then says \`mustSetUpSecondFactor: true\`, as the administrators' does, sets up an
authenticator app with \`POST /v1/accounts/me/second-factor\`, sends its first code to \`…/confirm\`, refreshes again, and sends a \`code\` along
with the password from then on. Press *Authorize*, paste the token and try \`GET /v1/me\`, which says who you
are and what you may do. A token is good for minutes; send the \`refreshToken\` again, or sign in again, for the next. A script may send an API
key in its place: the halves of \`POST /v1/clients/{id}/api-keys\` and \`POST /v1/api-keys/{id}/second-half\`, one after the other.

**What every call takes.** \`Authorization: Bearer <token>\`, and \`Content-Type: application/json\` with a body. A creation takes
\`Idempotency-Key\`, a text of your own that is new for each creation. A change takes \`If-Match\`, the \`ETag\` of the answer before, such
as \`"1"\`. \`Accept-Language: zh-CN\` has problems and titles in Chinese. Each operation names the permission that it needs and the
roles that hold it; what a problem code means and what to do is at \`GET /problems/{code}\`. The events are described at
\`/asyncapi.json\` (AsyncAPI 3).

**From the first start to the first person.** What takes two persons is asked for by one and decided by another.

1. \`SYSADM\`, \`SECADM\` and \`AUDADM\` have one-time passwords, in the file that the start names under \`passwords\`. Each gets a token as above, with a password and an authenticator app of the own.
2. \`SYSADM\` makes the place: \`PUT /v1/units/{code}\`, \`PUT /v1/departments/{unitCode}/{code}\`, \`PUT /v1/positions/{code}\`.
3. People are taken in by programs, by middleware and by the O&M authority, not by administrators. So \`SYSADM\` asks for a program with
   \`POST /v1/account-changes\` (\`kind\` \`create-client\`, \`role\` \`SCRIPT\`), and \`SECADM\` decides with
   \`POST /v1/account-changes/{id}/approve\`. \`subjectId\` of the answer is the client id.
4. \`SYSADM\` gets the first half of its secret at \`POST /v1/clients/{id}/secret\`, \`SECADM\` the second at
   \`POST /v1/clients/{id}/secret/second-half\`. The secret is both, one after the other; the program gets its token at \`POST /v1/tokens\`
   (\`grant_type\` \`client_credentials\`).
5. The program takes people in with \`POST /v1/persons\`: the owners of the accounts \`SYSADM\` and \`SECADM\` (\`withAccount\` \`false\`), and
   whoever is to work.
6. Before the two issue passwords, each account says whose it is: \`POST /v1/account-changes\` (\`kind\` \`name-administrator\`, with
   \`accountId\` and \`personId\`; \`GET /v1/accounts\` lists the accounts). \`SYSADM\` asks for both; \`SECADM\` decides about \`SYSADM\`,
   \`AUDADM\` about \`SECADM\`, for nobody decides about himself. Whose account was named signs in again.
7. \`SYSADM\` gets the first half of the person's password at \`POST /v1/accounts/{id}/initial-password\`, \`SECADM\` the second at
   \`POST /v1/accounts/{id}/initial-password/second-half\`. \`accountId\` of the person is the id. The password is the first half, a dash and the
   second half; the person gets a token as above. What the position may do is set by an account change of \`kind\` \`set-position-roles\`.

**如何取得令牌。** 人员将用户名和密码发送到 \`POST /v1/sessions\`，程序将客户端标识和密钥发送到 \`POST /v1/tokens\`；应答中即含令牌
（\`accessToken\`，程序为 \`access_token\`）。若首次应答为 \`mustChangePassword: true\`，请先用 \`PUT /v1/accounts/me/password\`
设置您自己的密码，再用 \`refreshToken\` 调用 \`POST /v1/tokens/refresh\` 换取新令牌。若此时应答为 \`mustSetUpSecondFactor: true\`（管理员即如此），请用
\`POST /v1/accounts/me/second-factor\` 设置身份验证器应用，将首个验证码发送到 \`…/confirm\`，再次刷新；此后登录时须随密码发送 \`code\`。点击 *Authorize*，粘贴令牌，然后试用
\`GET /v1/me\`：它会告诉您您是谁、可以做什么。令牌的有效期为数分钟；到期后再次发送 \`refreshToken\`，或重新登录。脚本可改用 API 密钥代替令牌，即
\`POST /v1/clients/{id}/api-keys\` 与 \`POST /v1/api-keys/{id}/second-half\` 给出的两半，直接相连。

**每次调用须发送的内容。** \`Authorization: Bearer <令牌>\`；有正文时还有 \`Content-Type: application/json\`。新建须带
\`Idempotency-Key\`，即您自定的文本，每次新建各不相同。更改须带 \`If-Match\`，即上一次应答中的 \`ETag\`，例如 \`"1"\`。发送
\`Accept-Language: zh-CN\`，则问题与标题为中文。每个操作注明所需权限及持有该权限的角色；问题代码的含义与处理办法见 \`GET /problems/{code}\`。
事件的说明见 \`/asyncapi.json\`（AsyncAPI 3）。

**从首次启动到第一名人员。** 须由两人办理的事项，由一人提出，另一人决定。

1. \`SYSADM\`、\`SECADM\` 和 \`AUDADM\` 各有一个一次性密码，位于启动时 \`passwords\` 一行所示的文件中。各自设置本人密码和身份验证器应用，按上文取得令牌。
2. \`SYSADM\` 建立单位、部门和岗位：\`PUT /v1/units/{code}\`、\`PUT /v1/departments/{unitCode}/{code}\`、\`PUT /v1/positions/{code}\`。
3. 人员由程序、中间件或运维主管部门登记，管理员不登记人员。因此 \`SYSADM\` 用 \`POST /v1/account-changes\` 申请一个程序（\`kind\` 为
   \`create-client\`，\`role\` 为 \`SCRIPT\`），\`SECADM\` 用 \`POST /v1/account-changes/{id}/approve\` 批准。应答中的 \`subjectId\` 即客户端标识。
4. \`SYSADM\` 用 \`POST /v1/clients/{id}/secret\` 取得密钥的前一半，\`SECADM\` 用 \`POST /v1/clients/{id}/secret/second-half\` 取得后一半。
   两半直接相连即为密钥；程序用 \`POST /v1/tokens\` 取得令牌（\`grant_type\` 为 \`client_credentials\`）。
5. 程序用 \`POST /v1/persons\` 登记人员：账号 \`SYSADM\` 和 \`SECADM\` 的所属人员（\`withAccount\` 为 \`false\`），以及要工作的人员。
6. 二人签发密码之前，须先确定其账号属于何人：\`POST /v1/account-changes\`（\`kind\` 为 \`name-administrator\`，另附 \`accountId\` 和
   \`personId\`；账号列于 \`GET /v1/accounts\`）。两项均由 \`SYSADM\` 申请；\`SYSADM\` 的由 \`SECADM\` 批准，\`SECADM\` 的由 \`AUDADM\` 批准，因为任何人不得决定涉及本人的事项。账号确定所属人员后须重新登录。
7. \`SYSADM\` 用 \`POST /v1/accounts/{id}/initial-password\` 取得该人员密码的前一半，\`SECADM\` 用
   \`POST /v1/accounts/{id}/initial-password/second-half\` 取得后一半；路径中的标识为该人员的 \`accountId\`。密码为前一半、短横线、后一半；该人员按上文取得令牌。
   岗位的权限由 \`kind\` 为 \`set-position-roles\` 的账号变更设定。`
