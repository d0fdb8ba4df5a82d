// Lay the OpenAPI description out with Swagger's page, which comes with the server.

SwaggerUIBundle({ url: "/openapi.json", dom_id: "#operations" });
