import { randomBytes } from 'node:crypto'
import { type Accounts, accountOf, type Caller, inlineOf, type Role } from './accounts.ts'
import { readDocument } from './documents.ts'
import { AwsError, full, invalid, missing } from './errors.ts'
import type { Fields } from './xml.ts'

/** All inline policies of a role together, without white space (IAM User Guide, "IAM and AWS STS quotas"). */
const mostInlineBytes = 10_240
const name = /^[\w+=,.@-]{1,64}$/

/**
 * IAM's part that gitsudo and the quick start use. Every action reaches the caller's own account alone. The caller's
 * permission is looked at before what he sends is read.
 */
export const createIam = (accounts: Accounts, clock: { now(): number }, propagationMs: number) => {
  const arnIn = (caller: Caller, form: URLSearchParams): string => {
    const role = form.get('RoleName') ?? ''
    if (!name.test(role)) throw invalid(`The specified value for roleName is invalid: ${role}`)
    const account = accountOf(caller)
    const there = [...accounts.roles.values()].find((one) => one.account === account && one.name === role)
    return there?.arn ?? `arn:aws:iam::${account}:role/${role}`
  }
  const may = (caller: Caller, form: URLSearchParams): Role => {
    const arn = arnIn(caller, form)
    accounts.authorise(caller, `iam:${form.get('Action')}`, arn)
    const role = accounts.roles.get(arn)
    if (role === undefined) throw missing(`The role with name ${form.get('RoleName')}`)
    return role
  }
  const put = (role: Role, change: (inline: Map<string, string>) => void): Fields => {
    const inline = new Map(inlineOf(role))
    change(inline)
    const bytes = [...inline.values()].reduce(
      (sum, text) => sum + Buffer.byteLength(text.replace(/\s/g, '')),
      0,
    )
    if (bytes > mostInlineBytes)
      throw full(`Maximum policy size of ${mostInlineBytes} bytes exceeded for role ${role.name}`)
    role.history.push({ at: clock.now(), inline })
    return {}
  }
  const text = (form: URLSearchParams, field: string): string => {
    const value = form.get(field)
    if (value === null || value === '')
      throw invalid(`Value at '${field}' failed to satisfy constraint: not null`)
    return value
  }
  const shown = (role: Role): Fields => ({
    Role: {
      Path: `/${role.arn
        .split('/')
        .slice(1, -1)
        .map((part) => `${part}/`)
        .join('')}`,
      RoleName: role.name,
      RoleId: role.id,
      Arn: role.arn,
      CreateDate: new Date(role.history[0]?.at ?? 0).toISOString(),
      AssumeRolePolicyDocument: encodeURIComponent(role.trust),
      MaxSessionDuration: String(role.maxSessionSeconds),
    },
  })

  /** Makes a role, as an administrator's tools would. */
  const addRole = (
    arn: string,
    trust: string,
    maxSessionSeconds = 3600,
    attached: readonly string[] = [],
  ): Role => {
    readDocument(trust, true)
    const [, account = '', role = ''] = /^arn:[\w-]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
    const made: Role = {
      account,
      name: role,
      arn,
      id: `AROA${randomBytes(9).toString('hex').toUpperCase().slice(0, 17)}`,
      maxSessionSeconds,
      trust,
      managed: new Set(attached),
      history: [{ at: clock.now(), inline: new Map() }],
    }
    accounts.roles.set(arn, made)
    return made
  }

  const actions: Readonly<Record<string, (caller: Caller, form: URLSearchParams, stale: boolean) => Fields>> =
    {
      GetRole: (caller, form) => shown(may(caller, form)),
      GetRolePolicy(caller, form, stale) {
        const role = may(caller, form)
        const lagging = stale
          ? (role.history.findLast(({ at }) => at + propagationMs <= clock.now()) ?? role.history[0])
          : role.history.at(-1)
        const document = lagging?.inline.get(text(form, 'PolicyName'))
        if (document === undefined) throw missing(`The role policy with name ${form.get('PolicyName')}`)
        return {
          RoleName: role.name,
          PolicyName: text(form, 'PolicyName'),
          PolicyDocument: encodeURIComponent(document),
        }
      },
      PutRolePolicy(caller, form) {
        const role = may(caller, form)
        const policy = text(form, 'PolicyName')
        if (!/^[\w+=,.@-]{1,128}$/.test(policy))
          throw invalid('The specified value for policyName is invalid.')
        const document = text(form, 'PolicyDocument')
        readDocument(document)
        return put(role, (inline) => inline.set(policy, document))
      },
      DeleteRolePolicy(caller, form) {
        const role = may(caller, form)
        const policy = text(form, 'PolicyName')
        if (!inlineOf(role).has(policy)) throw missing(`The role policy with name ${policy}`)
        return put(role, (inline) => inline.delete(policy))
      },
      CreateRole(caller, form) {
        const arn = arnIn(caller, form)
        accounts.authorise(caller, 'iam:CreateRole', arn)
        if (accounts.roles.has(arn))
          throw new AwsError(
            409,
            'EntityAlreadyExists',
            `Role with name ${form.get('RoleName')} already exists.`,
          )
        return shown(
          addRole(
            arn,
            text(form, 'AssumeRolePolicyDocument'),
            Number(form.get('MaxSessionDuration') ?? 3600),
          ),
        )
      },
      UpdateAssumeRolePolicy(caller, form) {
        const role = may(caller, form)
        const document = text(form, 'PolicyDocument')
        readDocument(document, true)
        role.trust = document
        return {}
      },
      AttachRolePolicy(caller, form) {
        may(caller, form).managed.add(text(form, 'PolicyArn'))
        return {}
      },
      DetachRolePolicy(caller, form) {
        const there = may(caller, form).managed.delete(text(form, 'PolicyArn'))
        if (!there) throw missing(`Policy ${form.get('PolicyArn')}`)
        return {}
      },
      DeleteRole(caller, form) {
        const role = may(caller, form)
        if (role.managed.size > 0)
          throw new AwsError(409, 'DeleteConflict', 'Cannot delete entity, must detach all policies first.')
        if (inlineOf(role).size > 0)
          throw new AwsError(409, 'DeleteConflict', 'Cannot delete entity, must delete policies first.')
        accounts.roles.delete(role.arn)
        return {}
      },
      PutUserPolicy(caller, form) {
        const arn = `arn:aws:iam::${accountOf(caller)}:user/${form.get('UserName')}`
        accounts.authorise(caller, 'iam:PutUserPolicy', arn)
        const user = accounts.users.get(arn)
        if (user === undefined) throw missing(`The user with name ${form.get('UserName')}`)
        const document = text(form, 'PolicyDocument')
        readDocument(document)
        user.inline.set(text(form, 'PolicyName'), document)
        return {}
      },
    }
  return { actions, addRole, put }
}
