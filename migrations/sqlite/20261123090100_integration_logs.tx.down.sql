DROP TABLE whatsapp_integration_logs;
