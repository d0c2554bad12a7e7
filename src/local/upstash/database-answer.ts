import type { CacheDatabase, DatabaseAddresses } from './database.ts';
import { limitsOf, planType } from './plans.ts';

/** Returns a database as the Developer API shows it (schema `Database` of its OpenAPI file). */
export function databaseAnswer(database: CacheDatabase, addresses: DatabaseAddresses, owner: string, credentials: boolean) {
  return {
    database_id: database.id,
    database_name: database.name,
    region: 'global',
    port: addresses.port,
    creation_time: database.createdAtS,
    state: 'active',
    endpoint: addresses.host,
    // The vendor's databases answer over TLS alone; these listen on loopback, in the clear.
    tls: false,
    type: planType(database.plan),
    budget: database.budgetUsd,
    primary_region: database.primaryRegion,
    read_regions: database.readRegions,
    primary_members: [database.primaryRegion],
    all_members: [database.primaryRegion, ...database.readRegions],
    eviction: database.eviction,
    auto_upgrade: database.autoUpgrade,
    consistent: false,
    modifying_state: '',
    last_plan_upgrade_time: database.planChangedAtS,
    replicas: 1 + database.readRegions.length,
    customer_id: owner,
    daily_backup_enabled: database.dailyBackup,
    prod_pack_enabled: database.prodPack,
    ...limitsAnswer(database),
    ...(credentials ? { password: database.password, rest_token: database.restToken, read_only_rest_token: database.readOnlyToken } : {}),
  };
}

function limitsAnswer(database: CacheDatabase) {
  const limits = limitsOf(database.plan);
  return {
    db_eviction: database.eviction,
    db_max_clients: limits.maxClients,
    db_max_request_size: limits.maxRequestBytes,
    db_max_entry_size: limits.maxRequestBytes,
    db_memory_threshold: limits.memoryBytes,
    db_disk_threshold: limits.memoryBytes,
    db_max_commands_per_second: limits.maxCommandsPerSecond,
  };
}
