import { called, isObject, type Objects, type Stored } from './objects.ts'

export type Identity = { readonly user: string; readonly groups: readonly string[] }
/** What somebody wants to do. */
export type Attributes = {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}
type Rule = {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

const clusterRoles = called('clusterroles')
const roles = called('roles')
const clusterRoleBindings = called('clusterrolebindings')
const roleBindings = called('rolebindings')

/** Whether bindings let somebody do it (kubernetes, `plugin/pkg/auth/authorizer/rbac`). */
export const allows = (objects: Objects, who: Identity, wanted: Attributes): boolean => {
  if (who.groups.includes('system:masters')) return true
  const bindings = [
    ...objects.all(clusterRoleBindings),
    ...(wanted.namespace === undefined ? [] : objects.all(roleBindings, wanted.namespace)),
  ]
  return bindings.some(
    (binding) => names(binding, who) && rulesOf(objects, binding).some((rule) => covers(rule, wanted)),
  )
}

/** Whether somebody may bind a role: by the verb `bind`, or because he has all that it allows (kubernetes, `rbac/escalation_check.go`). */
export const mayBind = (objects: Objects, who: Identity, binding: Stored): boolean => {
  const { namespace } = binding.metadata
  const { kind, name } = binding.roleRef as { readonly kind: string; readonly name: string }
  const group = 'rbac.authorization.k8s.io'
  const resource = kind === 'Role' ? 'roles' : 'clusterroles'
  const scope = namespace === undefined ? {} : { namespace }
  if (allows(objects, who, { verb: 'bind', group, resource, name, ...scope })) return true
  const rules = rulesOf(objects, binding)
  return (
    rules.length > 0 &&
    rules.every(({ verbs = [], apiGroups = [], resources: kinds = [] }) =>
      verbs.every((verb) =>
        apiGroups.every((of) =>
          kinds.every((one) => allows(objects, who, { verb, group: of, resource: one, ...scope })),
        ),
      ),
    )
  )
}

const names = (binding: Stored, { user, groups }: Identity): boolean =>
  (Array.isArray(binding.subjects) ? binding.subjects : []).filter(isObject).some((subject) => {
    if (subject.kind === 'User') return subject.name === user
    if (subject.kind === 'Group') return groups.includes(String(subject.name))
    return user === `system:serviceaccount:${subject.namespace}:${subject.name}`
  })

const rulesOf = (objects: Objects, binding: Stored): readonly Rule[] => {
  const { kind, name } = binding.roleRef as { readonly kind: string; readonly name: string }
  const role =
    kind === 'Role'
      ? objects.find(roles, binding.metadata.namespace, name)
      : objects.find(clusterRoles, undefined, name)
  return Array.isArray(role?.rules) ? role.rules : []
}

const covers = (rule: Rule, { verb, group, resource, subresource, name }: Attributes): boolean => {
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    (has(rule.resources, whole) || (subresource !== undefined && has(rule.resources, `*/${subresource}`))) &&
    (rule.resourceNames === undefined ||
      rule.resourceNames.length === 0 ||
      rule.resourceNames.includes(name ?? ''))
  )
}

const has = (list: readonly string[] | undefined, one: string): boolean =>
  list?.includes('*') === true || list?.includes(one) === true
