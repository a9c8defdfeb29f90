/**
 * The telemetry tables of Application Insights in a query on a component, with the columns that a query may name:
 * https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
 */
const common =
  'timestamp: datetime, itemType: string, customDimensions: dynamic, customMeasurements: dynamic, operation_Name: string, ' +
  'operation_Id: string, operation_ParentId: string, session_Id: string, user_Id: string, application_Version: string, ' +
  'client_Type: string, client_City: string, client_CountryOrRegion: string, cloud_RoleName: string, ' +
  'cloud_RoleInstance: string, appId: string, appName: string, iKey: string, sdkVersion: string, itemId: string, itemCount: int, ' +
  '_ResourceId: string';

export const applicationInsightsTables: { readonly [table: string]: string } = {
  availabilityResults: `(${common}, id: string, name: string, location: string, success: string, message: string, size: real, duration: real, performanceBucket: string)`,
  customEvents: `(${common}, name: string)`,
  requests: `(${common}, id: string, source: string, name: string, url: string, success: string, resultCode: string, duration: real, performanceBucket: string)`,
  traces: `(${common}, message: string, severityLevel: int)`,
};
