import { AzureError, denied } from './errors.ts'

const parts =
  /^(\/providers\/microsoft\.management\/managementgroups\/[^/]+|\/subscriptions\/[0-9a-f-]{36})(\/resourcegroups\/[^/]+)?(\/providers\/[^/]+(?:\/[^/]+\/[^/]+)+)?$/

/** Management groups and subscriptions, and what is above a scope. Paths are compared in lower case. */
export const createTree = () => {
  const parents = new Map<string, string | undefined>()
  const deleted = new Set<string>()
  return {
    add: (scope: string, parent?: string) => parents.set(scope.toLowerCase(), parent?.toLowerCase()),
    /** A resource group goes, and everything on it. */
    deleteGroup: (scope: string) => deleted.add(scope.toLowerCase()),
    clear: () => parents.clear(),
    all: (): readonly string[] => [...parents.keys()],
    /** The scope and all above it, the nearest first. @throws AzureError when there is no such scope */
    line(scope: string): readonly string[] {
      const [, root = '', group = '', resource = ''] = parts.exec(scope.toLowerCase()) ?? []
      if (!parents.has(root)) {
        if (!root.startsWith('/subscriptions/')) throw denied('Microsoft.Authorization/*/read', scope)
        throw new AzureError(404, 'SubscriptionNotFound', `The subscription '${scope}' could not be found.`)
      }
      if (deleted.has(`${root}${group}`))
        throw new AzureError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`)
      const line = [`${root}${group}${resource}`, `${root}${group}`, root]
      for (let up = parents.get(root); up !== undefined; up = parents.get(up)) line.push(up)
      return [...new Set(line)]
    },
  }
}

export type Tree = ReturnType<typeof createTree>
