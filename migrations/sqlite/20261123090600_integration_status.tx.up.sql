-- One line for each restaurant, for people with a SQL prompt and for dashboards.
CREATE VIEW whatsapp_integration_status AS
SELECT
    r.id AS restaurant_id,
    r.name AS restaurant_name,
    wbi.id AS integration_id,
    wbi.business_account_id AS waba_id,
    wbi.connection_status,
    wbi.is_active,
    wss.status AS signup_status,
    wss.creation_strategy,
    wss.polling_attempts,
    (SELECT step FROM whatsapp_integration_logs
     WHERE restaurant_id = r.id AND success = true
     ORDER BY created_at DESC LIMIT 1) AS last_successful_step,
    (SELECT error_message FROM whatsapp_integration_logs
     WHERE restaurant_id = r.id AND success = false
     ORDER BY created_at DESC LIMIT 1) AS last_error_message
FROM restaurants r
LEFT JOIN whatsapp_business_integrations wbi ON r.id = wbi.restaurant_id
LEFT JOIN whatsapp_signup_states wss ON r.id = wss.restaurant_id;
